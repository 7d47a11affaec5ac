import type { ParsedConfig } from "./configSchema";
import { serverTypes } from "./hosts/serverTypes";
import { presets, type Capacity } from "./sizing";

type Sized = Pick<ParsedConfig, "hardware" | "host" | "sizing">;

/** The machine's size: what the stack file says, else what its server type has, else what its kind of hardware has. */
export function capacityIn({ hardware, host, sizing }: Sized): Capacity {
  const { memoryMb, cpus } =
    (host.kind === "hetzner" ? serverTypes.get(host.serverType) : undefined) ?? presets[hardware];
  return { memoryMb: sizing?.memoryMb ?? memoryMb, cpus: sizing?.cpus ?? cpus };
}
