import { hetznerPrices } from "../../../plan/hosts/prices";
import { serverTypes } from "../../../plan/hosts/serverTypes";
import { costsOf } from "../../../plan/review/costs";
import { costSentence } from "../../../plan/review/sentences";
import type { Step, Values } from "../../../plan/review/step";
import { code, Page } from "../../support/page";

const step = (type: string, before: Values | undefined, after: Values | undefined): Step => {
  const of = (inputs: Values) => ({ inputs, outputs: {}, protect: false, retain: false });
  return {
    urn: "",
    type,
    name: type,
    change: "changed",
    goesFirst: false,
    keys: [],
    ...(before === undefined ? {} : { before: of(before) }),
    ...(after === undefined ? {} : { after: of(after) }),
  };
};

const server = (before: string | undefined, after: string | undefined): Step => {
  const of = (serverType?: string): Values | undefined => (serverType ? { serverType } : undefined);
  return step("hcloud:index/server:Server", of(before), of(after));
};

const address = step("hcloud:index/primaryIp:PrimaryIp", { type: "ipv4" }, { type: "ipv4" });

it("adds up what is rented, before and after", () => {
  const costs = costsOf([
    server("cx23", "cx33"),
    address,
    step("hcloud:index/primaryIp:PrimaryIp", { type: "ipv6" }, { type: "ipv6" }),
    step("hcloud:index/volume:Volume", { size: 40 }, { size: 100 }),
    step("hcloud:index/firewall:Firewall", {}, {}),
  ]);
  expect(costs?.before.sum).toBeCloseTo(5.49 + 0.5 + 40 * 0.0572, 4);
  expect(costs?.after.sum).toBeCloseTo(8.49 + 0.5 + 100 * 0.0572, 4);
  expect(costs?.after.items).toHaveLength(3);
});

it("says of what has no price in the table that it is unknown, and makes none up", () => {
  const costs = costsOf([server("cx23", "ccx63"), address]);
  expect(costs?.after.sum).toBeUndefined();
  expect(costs && costSentence(costs)).toBe(
    "unknown a month (server ccx63, IPv4 address); before: 5.99 €",
  );
});

it("is silent where nothing is rented", () => {
  expect(costsOf([step("docker:index/volume:Volume", {}, {})])).toBeUndefined();
});

describe("the prices", () => {
  const page = new Page("docs/vps.md");

  it("are those that the handbook quotes, of the same types", () => {
    const quoted = page
      .table("What it costs")
      .map(([type = "", , , , server]) => [code(type), Number(server)]);
    expect(quoted).toEqual(Object.entries(hetznerPrices.servers));
    expect(page.text).toContain(`Data volume: ${hetznerPrices.volumeGb} for each GB`);
    expect(page.text).toContain(`IPv4 address: ${hetznerPrices.ipv4.toFixed(2)}`);
  });

  it("are of the place, the day and the source that it names", () => {
    expect(page.text).toContain(`(\`${hetznerPrices.location}\`)`);
    expect(page.text).toContain(`as seen in ${hetznerPrices.seen}`);
    expect(page.text).toContain(hetznerPrices.source);
  });

  it("are of types that can be ordered", () => {
    for (const type of Object.keys(hetznerPrices.servers)) expect(serverTypes.has(type)).toBe(true);
  });
});
