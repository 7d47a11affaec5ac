import type { RecordedResource, Recording } from "./harness";
import type { RequestedResource } from "./requestRecorder";
import { isMap } from "../../plan";

/** A resource that cannot be made anew without a loss: data, a secret, the domain, a server with its addresses. */
export interface Stateful {
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
  /** Those of which a change would replace it. */
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** By their URNs, without what is the same in each. */
export type State = Readonly<Record<string, Stateful>>;

/** By type, which inputs may change without a loss; all others would replace the resource, so also one not known here. */
const harmless: Readonly<Record<string, readonly string[]>> = {
  "docker:index/volume:Volume": [],
  "random:index/randomPassword:RandomPassword": [],
  "random:index/randomUuid:RandomUuid": [],
  // Another key is another server, whose user data it is part of.
  "tls:index/privateKey:PrivateKey": [],
  "hcloud:index/sshKey:SshKey": ["name", "labels"],
  "hcloud:index/primaryIp:PrimaryIp": ["name", "labels", "autoDelete", "deleteProtection"],
  "hcloud:index/volume:Volume": ["name", "labels", "size", "deleteProtection"],
  "hcloud:index/volumeAttachment:VolumeAttachment": ["automount"],
  "hcloud:index/server:Server": [
    "name",
    "labels",
    "serverType",
    "firewallIds",
    "keepDisk",
    "backups",
    "deleteProtection",
    "rebuildProtection",
    "shutdownBeforeDeletion",
  ],
};

const containerType = "docker:index/container:Container";

/** The containers that own their data, and what ties them to it: all else of them follows the version of their image. */
const stores = /-(postgres|redis)$/;
const ties = ["mounts", "name", "user"];

/** What of a program's resources has to outlive every later version of it. */
export function stateOf({ resources, requests }: Recording): State {
  const found = resources.flatMap((resource) => {
    const request = requests.find(
      ({ type, name }) => type === resource.type && name === resource.name,
    );
    const inputs = decisive(resource);
    if (request === undefined || inputs === undefined) return [];
    const { protect = false, retainOnDelete = false } = resource;
    const named = withNames(inputs, idsBehind(request, requests));
    return [[shortened(request.urn), { protect, retainOnDelete, inputs: named }] as const];
  });
  return Object.fromEntries(found);
}

/** The inputs of which a change would be a loss; undefined where the resource can be made anew. */
function decisive(resource: RecordedResource): Readonly<Record<string, unknown>> | undefined {
  const { type, name, inputs, retainOnDelete } = resource;
  const entries = Object.entries(inputs);
  if (type === containerType)
    return stores.test(name)
      ? Object.fromEntries(entries.filter(([input]) => ties.includes(input)))
      : undefined;
  const free = harmless[type];
  return free === undefined || isScratch(type, retainOnDelete)
    ? undefined
    : Object.fromEntries(entries.filter(([input]) => !free.includes(input)));
}

/** A volume of an engine that goes with what uses it. */
const isScratch = (type: string, retainOnDelete: boolean | undefined): boolean =>
  type === "docker:index/volume:Volume" && retainOnDelete !== true;

/** The ids of what a resource is made from, with the names that stand for them: ids are another in each recording. */
const idsBehind = (
  { propertyDependencies }: RequestedResource,
  requests: readonly RequestedResource[],
): ReadonlyMap<string, string> =>
  new Map(
    requests
      .filter(({ urn }) => Object.values(propertyDependencies).flat().includes(urn))
      .flatMap(({ id, name }) => (id === undefined ? [] : [[id, `‹id of ${name}›`]])),
  );

/** Alone, or at the end of a word as in the path of a disk. */
function withNames<T>(value: T, ids: ReadonlyMap<string, string>): T;
function withNames(value: unknown, ids: ReadonlyMap<string, string>): unknown {
  if (typeof value === "number" || typeof value === "string") {
    const whole = ids.get(String(value));
    if (whole !== undefined || typeof value === "number") return whole ?? value;
    return [...ids].reduce(
      (text, [id, name]) => text.replace(new RegExp(`_${id}\\b`, "g"), `_${name}`),
      value,
    );
  }
  if (Array.isArray(value)) return value.map((each) => withNames<unknown>(each, ids));
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, withNames(each, ids)]),
  );
}

/** Without the stack, and without the root of the harness. */
const shortened = (urn: string): string =>
  urn.replace(/^urn:pulumi:[^:]*::/, "").replace("::test:index:Root$", "::");

/** What of an older version's state the program would remove, replace or leave unprotected; none where all of it is kept. */
export function lossesOf(old: State, recording: Recording): string[] {
  const now = stateOf(recording);
  const formerly = new Map(
    recording.requests.flatMap(({ urn, aliases }) =>
      aliases.map((alias) => [shortened(alias), shortened(urn)]),
    ),
  );
  return Object.entries(old).flatMap(([urn, before]) => {
    const after = now[urn] ?? now[formerly.get(urn) ?? ""];
    if (after === undefined) return [`${urn} would be removed`];
    return [
      ...changedInputs(before.inputs, after.inputs).map(
        (input) => `${urn} would be replaced, for its ${input}`,
      ),
      ...(["protect", "retainOnDelete"] as const)
        .filter((option) => before[option] && !after[option])
        .map((option) => `${urn} would lose its ${option}`),
    ];
  });
}

const changedInputs = (before: Stateful["inputs"], after: Stateful["inputs"]): string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (input) => JSON.stringify(before[input]) !== JSON.stringify(after[input]),
  );
