import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { isMap, parseConfig, withExamples, type Config, type Zone } from "../../plan";
import { projectFolder } from "./projectFolder";

/** What a YAML file of the project holds under a key of its top level. */
export const mapIn = (file: string, key: string): Readonly<Record<string, unknown>> => {
  const content: unknown = parse(readFileSync(join(projectFolder, file), "utf8"));
  const value = isMap(content) ? content[key] : undefined;
  return isMap(value) ? value : {};
};

/** The stacks that the project has files for. */
export const stacks = readdirSync(projectFolder).flatMap(
  (file) => /^Pulumi\.(\w+)\.yaml$/.exec(file)?.[1] ?? [],
);

const namespace = "mastodon:";

/** The keys of a stack file as the program reads them: its own namespace, without secrets. */
export const rawOf = (stack: string): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(mapIn(`Pulumi.${stack}.yaml`, "config"))
      .filter(([key]) => key.startsWith(namespace))
      .map(([key, value]) => [key.slice(namespace.length), value]),
  );

const zone: Zone = { id: "z1", locked: {}, bots: "fightMode", foreign: [] };

/** With examples for what its owner fills in, and with what Cloudflare would say of the zone. */
export const configOf = (stack: string): Config => configFrom(withExamples(rawOf(stack)));

/** @param raw the keys of a stack file that is filled in */
export const configFrom = (raw: unknown): Config => {
  const config = parseConfig(raw);
  return config.edge.kind === "tunnel" ? { ...config, zone } : config;
};
