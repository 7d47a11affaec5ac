import { hetznerPrices } from "../hosts/prices";
import { byImportance, types } from "./parts";
import { textOf, type Step, type Values } from "./step";

/** Something that is rented, with its price in euros a month, net of VAT; absent where it is not known. */
interface Item {
  readonly what: string;
  readonly euros?: number;
}

export interface Bill {
  readonly items: readonly Item[];
  /** Absent where the price of one of them is not known. */
  readonly sum?: number;
}

export interface Costs {
  readonly before: Bill;
  readonly after: Bill;
}

/** What Hetzner's price list has an entry for; all else costs nothing. */
function itemsOf(type: string, inputs: Values): Item[] {
  const { servers, volumeGb, ipv4 } = hetznerPrices;
  if (type === types.server) {
    const name = textOf(inputs["serverType"]);
    const euros = servers[name];
    return [{ what: `server ${name}`, ...(euros === undefined ? {} : { euros }) }];
  }
  if (type === types.dataVolume) {
    const size = Number(inputs["size"] ?? 0);
    return [{ what: `volume of ${size} GB`, euros: size * volumeGb }];
  }
  return type === types.address && inputs["type"] === "ipv4"
    ? [{ what: "IPv4 address", euros: ipv4 }]
    : [];
}

function billOf(steps: readonly Step[], when: "before" | "after"): Bill {
  const items = [...steps].sort(byImportance).flatMap((step) => {
    const snapshot = step[when];
    return snapshot === undefined ? [] : itemsOf(step.type, snapshot.inputs);
  });
  const known = items.every(({ euros }) => euros !== undefined);
  return known ? { items, sum: items.reduce((sum, { euros = 0 }) => sum + euros, 0) } : { items };
}

/** What the program rents, before and after; undefined where it rents nothing. */
export function costsOf(steps: readonly Step[]): Costs | undefined {
  const costs = { before: billOf(steps, "before"), after: billOf(steps, "after") };
  return costs.before.items.length + costs.after.items.length === 0 ? undefined : costs;
}
