import type { Plan } from "../plan";
import type { Foundation } from "./foundation";
import type { Host } from "./host/host";
import type { Secrets } from "./secrets";

/** Where the parts of an instance are put: what each of them needs to place its containers and jobs. */
export interface Site {
  readonly foundation: Foundation;
  readonly secrets: Secrets;
  readonly host: Host;
  readonly logs: Plan["sizing"]["logs"];
}
