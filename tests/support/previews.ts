import * as pulumi from "@pulumi/pulumi";
import { Instance } from "../../components";
import { makePlan, parseConfig, type Config } from "../../plan";
import type { Values } from "../../plan/review";
import { recordProgram } from "./harness";
import { unknownValue } from "./policies";
import { containerFields } from "./providers/docker/containerFields";
import { serverFields } from "./providers/hcloud/serverFields";
import { isSecret } from "./redaction";
import type { RequestedResource } from "./requestRecorder";

/*
 * Previews as the engine of Pulumi tells them, of two stack files, or of two recorded graphs: without an engine, and by
 * the rules of the providers' stand-ins. That both have the same shape is for the acceptance test of the review to say.
 */

type Raw = Readonly<Record<string, unknown>>;

/** A resource of a recorded graph, with what its options say. */
export interface Placed extends RequestedResource {
  readonly retainOnDelete: boolean;
  readonly replaceOnChanges: readonly string[];
  readonly ignoreChanges: readonly string[];
}

/** A program's graph, and what its stack file says. */
export interface Graph {
  readonly resources: readonly Placed[];
  readonly raw: Raw;
  readonly config: Config;
}

/** What stack files hold encrypted. */
export const givenSecrets = {
  smtpPassword: "correct-horse",
  s3AccessKeyId: "battery",
  s3SecretAccessKey: "staple",
} as const;

/** The graph of a stack file. @param raw its keys, without their namespace */
export async function graphOf(raw: Raw): Promise<Graph> {
  const parsed = parseConfig(raw);
  const config =
    parsed.edge.kind === "tunnel"
      ? { ...parsed, zone: { id: "z1", locked: {}, bots: "fightMode" as const, foreign: [] } }
      : parsed;
  const { requests, resources } = await recordProgram((parent) => {
    const { smtpPassword, s3AccessKeyId, s3SecretAccessKey } = givenSecrets;
    const provided = {
      smtpPassword: pulumi.secret(smtpPassword),
      s3AccessKeyId: pulumi.secret(s3AccessKeyId),
      s3SecretAccessKey: pulumi.secret(s3SecretAccessKey),
    };
    return new Instance("mastodon", { plan: makePlan(config), provided }, { parent }).outputs;
  });
  const options = new Map(resources.map((each) => [`${each.type} ${each.name}`, each]));
  return {
    raw,
    config,
    resources: withoutFolder(requests).map((request) => {
      const found = options.get(`${request.type} ${request.name}`);
      return {
        ...request,
        retainOnDelete: found?.retainOnDelete === true,
        replaceOnChanges: found?.replaceOnChanges ?? [],
        ignoreChanges: found?.ignoreChanges ?? [],
      };
    }),
  };
}

/** What each run writes, it writes to a folder of its own. */
const withoutFolder = <T>(value: T): T =>
  JSON.parse(JSON.stringify(value).replaceAll(/\/[^"]*\/mastodon-state-[^"/]*/g, "/state")) as T;

/** What a policy says, as the engine tells it. */
export const violation = (policyName: string, name: string, level = "mandatory"): Values => ({
  policyEvent: {
    resourceUrn: `urn:pulumi:test::mastodon::docker:index/container:Container::${name}`,
    message: `It is as it must not be.\n${name} has what it must not have: take it away.\n`,
    color: "never",
    policyName,
    policyPackName: "mastodon",
    enforcementLevel: level,
    severity: "high",
  },
});

const stackUrn = "urn:pulumi:test::mastodon::pulumi:pulumi:Stack::mastodon-test";

/** As the engine hides a secret from whoever listens. */
const masked = {
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  ciphertext: "[secret]",
};

const holdsSecretMark = (value: unknown): boolean =>
  isSecret(value) ||
  (typeof value === "object" && value !== null && Object.values(value).some(holdsSecretMark));

/** Secrets are told as such by the whole input or output that one of them is in. */
const told = (values: Values): Values =>
  Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, holdsSecretMark(value) ? masked : value]),
  );

const typeOf = (urn: string): string => (urn.split("::")[2] ?? "").split("$").at(-1) ?? "";

/** What a provider takes another resource for, of the types of which only some inputs are so. */
const replacing: Readonly<Record<string, (key: string) => boolean>> = {
  "docker:index/container:Container": (key) => containerFields[key]?.forceNew === true,
  "command:local:Command": (key) => key === "triggers",
  "hcloud:index/server:Server": (key) => serverFields[key]?.forceNew === true,
  "hcloud:index/volume:Volume": (key) => key === "location",
  "hcloud:index/primaryIp:PrimaryIp": (key) => key === "type" || key === "location",
  "hcloud:index/firewall:Firewall": () => false,
  "cloudflare:index/dnsRecord:DnsRecord": (key) => key === "type" || key === "zoneId",
  "cloudflare:index/zoneSetting:ZoneSetting": () => false,
};

const replaces = ({ type, replaceOnChanges }: Placed, key: string): boolean =>
  replaceOnChanges.includes(key) || (replacing[type] ?? (() => !type.includes("providers")))(key);

/** What the engine does with a resource. */
interface Outcome {
  readonly op: "same" | "create" | "update" | "replace" | "delete";
  readonly deleteFirst: boolean;
  readonly keys: readonly string[];
}

/** Names are known before what they name is there; ids and all that is made are not. */
const isOpen = (urn: string, outcomes: ReadonlyMap<string, Outcome>): boolean => {
  const op = outcomes.get(urn)?.op;
  if (op === undefined || op === "same" || typeOf(urn) === "docker:index/volume:Volume")
    return false;
  return op !== "update" || typeOf(urn) === "command:local:Command";
};

/** The inputs as a preview knows them. */
const previewed = (resource: Placed, outcomes: ReadonlyMap<string, Outcome>): Values =>
  Object.fromEntries(
    Object.entries(resource.inputs).map(([key, value]) => {
      const from = resource.propertyDependencies[key] ?? [];
      return [key, from.some((urn) => isOpen(urn, outcomes)) ? unknownValue.string : value];
    }),
  );

const isProvider = (type: string): boolean => type.startsWith("pulumi:providers:");

/** Whether the provider of a resource is not known yet: then the engine asks it nothing. */
function isUnasked({ provider }: Placed, inputs: ReadonlyMap<string, Values>): boolean {
  const found = provider === undefined ? undefined : inputs.get(provider);
  return Object.values(found ?? {}).includes(unknownValue.string);
}

function outcomeOf(
  resource: Placed,
  inputs: Values,
  old: Placed | undefined,
  unasked: boolean,
  outcomes: ReadonlyMap<string, Outcome>,
): Outcome {
  if (old === undefined) return { op: "create", deleteFirst: false, keys: [] };
  if (unasked) return { op: "update", deleteFirst: false, keys: [] };
  const all = new Set([...Object.keys(inputs), ...Object.keys(old.inputs)]);
  const keys = [...all].filter(
    (key) =>
      !resource.ignoreChanges.includes(key) &&
      JSON.stringify(inputs[key]) !== JSON.stringify(old.inputs[key]),
  );
  if (keys.length === 0) return { op: "same", deleteFirst: false, keys };
  const reasons = keys.filter((key) => replaces(resource, key));
  if (reasons.length === 0) return { op: "update", deleteFirst: false, keys };
  // What is made from what goes first, goes before it.
  const sources = reasons.flatMap((key) => resource.propertyDependencies[key] ?? []);
  const isBefore = sources.some((urn) => outcomes.get(urn)?.deleteFirst === true);
  return { op: "replace", deleteFirst: resource.deleteBeforeReplace === true || isBefore, keys };
}

interface Told {
  readonly inputs?: Values;
  readonly outputs?: Values;
}

function stateOf(resource: Placed, values: Told): Values {
  const { type, urn, protect, retainOnDelete, id = "" } = resource;
  return {
    type,
    urn,
    id,
    parent: resource.parent ?? stackUrn,
    ...(protect && { protect }),
    ...(retainOnDelete && { retainOnDelete }),
    inputs: told(values.inputs ?? resource.inputs),
    outputs: told(values.outputs ?? {}),
    provider: resource.provider ?? "",
  };
}

type Metadata = Readonly<{ op: string; urn: string; type: string; old: unknown; new: unknown }>;

const moved = (metadata: Metadata & Values): Values[] =>
  ["resourcePreEvent", "resOutputsEvent"].map((kind) => ({
    [kind]: { metadata, planning: true },
  }));

const outputsOfInstance = (config: Config): Values => {
  const { sizing, mediaPlace } = makePlan(config);
  return { memoryMb: sizing.memoryMb, architecture: "amd64", mediaPlace };
};

const outputsOf = (graph: Graph, resource: Placed): Values =>
  resource.type === "mastodon:index:Instance" ? outputsOfInstance(graph.config) : resource.outputs;

interface PreviewOptions {
  /** Events of policies. */
  readonly policies?: readonly Values[];
}

/** The events of a preview. @param before undefined: nothing is there yet */
export function previewOf(
  before: Graph | undefined,
  after: Graph,
  { policies = [] }: PreviewOptions = {},
): Values[] {
  const olds = new Map(before?.resources.map((each) => [each.urn, each]));
  const outcomes = new Map<string, Outcome>();
  const inputs = new Map<string, Values>();
  const events: Values[] = [];
  const late: Values[] = [];
  const faults: string[] = [];
  for (const resource of after.resources) {
    const { urn, type } = resource;
    const old = olds.get(urn);
    const now = previewed(resource, outcomes);
    inputs.set(urn, now);
    const unasked = !isProvider(type) && isUnasked(resource, inputs);
    const outcome = outcomeOf(resource, now, old, unasked, outcomes);
    outcomes.set(urn, outcome);
    const { op, deleteFirst, keys } = outcome;
    const was =
      old === undefined || before === undefined
        ? null
        : stateOf(old, { outputs: outputsOf(before, old) });
    const is = stateOf(resource, {
      inputs: now,
      outputs: op === "same" || type.startsWith("mastodon:") ? outputsOf(after, resource) : {},
    });
    const common = { urn, type, detailedDiff: null, keys, diffs: keys };
    if (op !== "replace") {
      events.push(...moved({ ...common, op, old: was, new: is }));
      continue;
    }
    if (old?.protect === true && resource.protect)
      faults.push(
        `unable to replace resource "${urn}"\nas it is currently marked for protection. To unprotect the resource, remove the \`protect\` flag from the resource in your Pulumi program and run \`pulumi up\`\n`,
      );
    const goes = moved({ ...common, op: "delete-replaced", old: was, new: null });
    if (deleteFirst) events.push(...goes);
    else late.push(...goes);
    events.push(
      ...moved({ ...common, op: "create-replacement", old: was, new: is }),
      ...moved({ ...common, op: "replace", old: was, new: is }),
    );
  }
  for (const old of [...olds.values()].filter(({ urn }) => !outcomes.has(urn))) {
    const { urn, type } = old;
    late.push(...moved({ op: "delete", urn, type, old: stateOf(old, {}), new: null }));
    if (old.protect)
      faults.push(
        `Preview failed: resource "${urn}" cannot be deleted\nbecause it is protected. To unprotect the resource, use the command:\n\`pulumi state unprotect '${urn}'\`\n`,
      );
  }
  const isRefused = policies.some((event) => JSON.stringify(event).includes('"mandatory"'));
  const failed = faults.length > 0 || isRefused;
  return [
    { preludeEvent: { config: configTold(after.raw) } },
    ...moved(stackMove(before, after)),
    ...events,
    ...late,
    ...policies,
    ...[...faults, ...(failed ? ["preview failed\n"] : [])].map((message) => ({
      diagnosticEvent: { prefix: "error: ", message, color: "never", severity: "error" },
    })),
    { summaryEvent: { isPreview: true, result: failed ? "failed" : "succeeded" } },
    { cancelEvent: {} },
  ];
}

function stackMove(before: Graph | undefined, after: Graph): Metadata & Values {
  const type = "pulumi:pulumi:Stack";
  const state = (graph: Graph | undefined): Values | null =>
    graph === undefined
      ? null
      : {
          type,
          urn: stackUrn,
          inputs: {},
          outputs: { url: makePlan(graph.config).url, adminPassword: masked },
        };
  return {
    op: before === undefined ? "create" : "same",
    urn: stackUrn,
    type,
    old: state(before),
    new: state(after),
  };
}

/** As the engine tells the keys of a stack file: by their texts, structured ones as JSON. */
const configTold = (raw: Raw): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(raw).map(([key, value]) => [
      `mastodon:${key}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
