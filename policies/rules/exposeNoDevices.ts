import { containerRule } from "../container";

/** A disk that can be opened can be read past all permissions: CIS 5.18. */
export const exposeNoDevices = containerRule({
  name: "expose-no-devices",
  demands: "No container is given a device of its host.",
  remedy: "remove that: nothing of Mastodon needs one",
  severity: "high",
  from: ["CIS 5.18"],
  parameters: {},
  faults: ({ devices = [], deviceRequests = [], deviceCgroupRules = [], gpus = "" }) => [
    ...devices.map(({ hostPath }) => `is given ${hostPath}`),
    ...(deviceRequests.length > 0 || gpus !== "" ? ["is given devices by its engine"] : []),
    ...deviceCgroupRules.map((allowed) => `may open devices (${allowed})`),
  ],
});
