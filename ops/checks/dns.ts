import { lookup } from "node:dns/promises";
import { publicNames } from "../../plan";
import type { Check, Finding, Subject } from "./check";

/** Whether the instance's names lead anywhere, and where the program knows it, to the right place. */
export const dns: Check = {
  name: "dns",
  run: async (subject) => {
    if (subject.config.edge.kind === "local")
      return [{ state: "ok", text: "needs no records: only this machine reaches the instance" }];
    return Promise.all(publicNames(subject.config).map((name) => lookUp(name, subject)));
  },
};

async function lookUp(name: string, { config, outputs }: Subject): Promise<Finding> {
  const found = await lookup(name, { all: true }).catch(() => []);
  const addresses = found.map(({ address }) => address);
  if (addresses.length === 0)
    return { state: "fault", text: `${name} leads nowhere; ${recordsFor(name, outputs)}` };
  const expected = expectedFor({ config, outputs });
  const lost = expected.filter((address) => !addresses.includes(address));
  return expected.length > 0 && lost.length === expected.length
    ? {
        state: "fault",
        text: `${name} leads to ${addresses.join(", ")} and not to ${expected.join(", ")}; ${recordsFor(name, outputs)}`,
      }
    : { state: "ok", text: `${name} leads to ${addresses.join(", ")}` };
}

/** Behind a tunnel the addresses are Cloudflare's, which nobody knows beforehand. */
function expectedFor({ config, outputs }: Pick<Subject, "config" | "outputs">): string[] {
  if (config.edge.kind === "tunnel") return [];
  if (config.dns.kind === "cloudflare" && config.dns.addresses !== undefined)
    return config.dns.addresses;
  const { address } = outputs;
  return config.host.kind === "hetzner" && typeof address === "string" ? [address] : [];
}

/** What the stack says should be entered. */
function recordsFor(name: string, { dnsRecords }: Subject["outputs"]): string {
  const wanted = (Array.isArray(dnsRecords) ? dnsRecords : []).filter(
    (record): record is string => typeof record === "string" && record.includes(` ${name} `),
  );
  return wanted.length === 0
    ? "its records are for you to enter"
    : `enter ${wanted.join(", and ")}, or wait until what you entered has spread`;
}
