import type { Config } from "./configSchema";
import type { VolumeKey } from "./containerSpec";
import { flavourOf } from "./flavours/flavourOf";
import type { Images } from "./imageKeys";
import { majorOf } from "./images";
import { labelsOf, physicalName } from "./names";

/** A named volume. It outlives its container, the stack and, unless its owner says otherwise, `pulumi destroy`. */
export interface VolumeSpec {
  readonly key: VolumeKey;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Whether Pulumi refuses to let go of it. */
  readonly protect: boolean;
  /** Whether it stays on its engine when Pulumi lets go of it. What can be made anew goes with what uses it. */
  readonly retain: boolean;
}

/** The volumes of an instance. That of Postgres is named for its major version: another one cannot read its files. */
export function volumes(config: Config, images: Images): VolumeSpec[] {
  const parts: readonly (readonly [VolumeKey, string])[] = [
    ["postgres", `postgres${majorOf(images.postgres) ?? ""}`],
    ["redis", "redis"],
    ["media", "media"],
    ["gateway", "gateway"],
  ];
  const volume = (key: VolumeKey, part: string): VolumeSpec => ({
    key,
    name: physicalName(config.name, part),
    labels: labelsOf(config.name, part),
    protect: true,
    retain: true,
  });
  const { scratch = [] } = flavourOf(config.image);
  // Its index is made anew from the database; another engine, or another major version of it, cannot read it.
  const { search } = config;
  const index =
    search.kind === "container"
      ? [volume("search", `${search.engine}${majorOf(images[search.engine] ?? "") ?? ""}`)]
      : [];
  return [
    ...parts.map(([key, part]) => volume(key, part)),
    ...[...(["caddyfile", ...scratch] as const).map((key) => volume(key, key)), ...index].map(
      (spec) => ({ ...spec, protect: false, retain: false }),
    ),
  ];
}
