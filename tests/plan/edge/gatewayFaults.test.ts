import { badEdges } from "../badEdges";
import { certificate, edges } from "./edges";
import { expectFaults, faultsOf } from "../../support/refusals";

it("has each bad configuration once, and enough of them", () => {
  expect(new Set(badEdges.map(({ name }) => name)).size).toBe(badEdges.length);
  expect(badEdges.length).toBeGreaterThanOrEqual(10);
});

it.each(badEdges)("refuses $name", ({ raw, setSecrets, faults: expected }) => {
  const found = faultsOf(raw, setSecrets);
  expectFaults(found, expected);
});

it.each(badEdges)("says what to do: $name", ({ raw, setSecrets }) => {
  for (const { message } of faultsOf(raw, setSecrets)) {
    expect(message).toMatch(/\b(must|write|use|remove|leave|give|set|choose|name|known are)\b/);
    expect(message).not.toMatch(/undefined|\[object|\.$/);
  }
});

const own = { ...edges.caddy.edge, acmeDirectory: "https://acme.example.org/dir" };

it.each([
  ["public ports", edges.caddy, []],
  ["a private name, by an authority of one's own", { domain: "social.lan", edge: own }, []],
  [
    "an authority of one's own, known by its certificate",
    { ...edges.caddy, edge: { ...own, acmeRoots: certificate("MIIB") } },
    [],
  ],
  [
    "an account with its key",
    { ...edges.caddy, edge: { ...own, acmeKeyId: "kid" } },
    ["acmeHmacKey" as const],
  ],
  ["a reverse proxy on this machine", edges.none, []],
  [
    "a reverse proxy elsewhere that asks at port 80",
    { ...edges.none, edge: { kind: "none", port: 80, address: "192.168.1.20" } },
    [],
  ],
])("accepts %s", (_name, raw, setSecrets) => {
  expect(faultsOf(raw, setSecrets)).toEqual([]);
});
