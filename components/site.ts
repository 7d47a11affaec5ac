import type { Foundation } from "./foundation";
import type { Secrets } from "./secrets";

/** Where the parts of an instance are put: what each of them needs to place its containers and jobs. */
export interface Site {
  readonly foundation: Foundation;
  readonly secrets: Secrets;
  /** The engine, as a value of `DOCKER_HOST`. */
  readonly endpoint: string;
}
