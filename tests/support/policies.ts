import type { Policies, ResourceValidationArgs, StackValidationArgs } from "@pulumi/policy";
import * as runtime from "@pulumi/policy/server";
import {
  AnalyzeRequest,
  AnalyzerPropertyDependencies,
  AnalyzerProviderResource,
  AnalyzerResource,
  AnalyzerResourceOptions,
  AnalyzeStackRequest,
  EnforcementLevel,
  type AnalyzeDiagnostic,
} from "@pulumi/pulumi/proto/analyzer_pb";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import type { Rule } from "../../policies/rule";
import { signed } from "./redaction";
import type { RequestedResource } from "./requestRecorder";

/** What a rule says of a resource, or of the stack. */
export interface Finding {
  readonly rule: string;
  /** `unjudged`: the runtime had to end the rule, since it asked for what only an update will know. */
  readonly level: "refused" | "warned" | "unjudged";
  readonly message: string;
}

/** A value that only an update will know, as the engine sends it: one for each kind of value. */
export const unknownValue = {
  boolean: "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  number: "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  string: "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
  list: "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  object: "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
} as const;

/** A secret, as the engine sends it. */
export const secretValue = (value: unknown): object => signed(value);

/** What the owner of a stack has set, by rule. */
type Configuration = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** A resource by itself, of which only what a test is about has to be said. */
export function resource(
  type: string,
  name: string,
  { inputs = {}, ...rest }: Partial<Omit<RequestedResource, "type" | "name">> = {},
): RequestedResource {
  return {
    urn: `urn:pulumi:test::mastodon::${type}::${name}`,
    type,
    name,
    inputs,
    outputs: inputs,
    aliases: [],
    dependencies: [],
    propertyDependencies: {},
    protect: false,
    ...rest,
  };
}

/** A resource with other inputs, which show in its outputs too; undefined takes one away. */
export const changed = (
  { inputs, outputs, ...rest }: RequestedResource,
  change: Readonly<Record<string, unknown>>,
): RequestedResource => ({
  ...rest,
  inputs: without({ ...inputs, ...change }),
  outputs: without({ ...outputs, ...change }),
});

const without = (values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

/**
 * Has rules judge a stack as the engine does: each resource before it is made, first for what the rules would mend, and
 * then all of them together. What the rules get, they get by the runtime's own means.
 */
export async function judge(
  rules: readonly Rule[],
  resources: readonly RequestedResource[],
  configuration: Configuration = {},
): Promise<Finding[]> {
  const policies = rules.map((rule) => configured(rule, configuration[rule.name] ?? {}));
  const found: Finding[] = [];
  for (const each of resources) found.push(...(await judgeResource(policies, each, resources)));
  return [...found, ...(await judgeStack(policies, resources))];
}

/** Hands parameters to a rule in the place of the runtime, which takes them from an engine alone. */
function configured(rule: Rule, values: Readonly<Record<string, unknown>>): Rule {
  const withValues = <Args extends ResourceValidationArgs | StackValidationArgs>(
    args: Args,
  ): Args => ({
    ...args,
    getConfig: (() => values) as Args["getConfig"],
  });
  if (Object.keys(values).length === 0) return rule;
  const { remediateResource, validateResource, validateStack, ...rest } = rule;
  return {
    ...rest,
    ...(remediateResource && { remediateResource: (args) => remediateResource(withValues(args)) }),
    ...(validateResource && {
      validateResource: [validateResource]
        .flat()
        .map((validate) => (args, report) => validate(withValues(args), report)),
    }),
    ...(validateStack && {
      validateStack: (args, report) => validateStack(withValues(args), report),
    }),
  };
}

const pack = ["mastodon", "0.1.0", "mandatory"] as const;

async function judgeResource(
  policies: Policies,
  subject: RequestedResource,
  all: readonly RequestedResource[],
): Promise<Finding[]> {
  const request = new AnalyzeRequest();
  request.setType(subject.type);
  request.setUrn(subject.urn);
  request.setName(subject.name);
  request.setProperties(structOf(subject.inputs));
  request.setOptions(optionsOf(subject));
  request.setProvider(providerOf(subject, all));
  const mended = await answer(runtime.makeRemediateRpcFun(...pack, policies), request);
  const analyzed = await answer(runtime.makeAnalyzeRpcFun(...pack, policies), request);
  return [
    ...mended.getRemediationsList().map((remediation) => ({
      rule: remediation.getPolicyname(),
      level: "unjudged" as const,
      message: remediation.getDiagnostic(),
    })),
    ...analyzed.getDiagnosticsList().map(findingOf),
  ];
}

async function judgeStack(
  policies: Policies,
  resources: readonly RequestedResource[],
): Promise<Finding[]> {
  const request = new AnalyzeStackRequest();
  request.setResourcesList(
    resources.map((subject) => {
      const entry = new AnalyzerResource();
      entry.setType(subject.type);
      entry.setUrn(subject.urn);
      entry.setName(subject.name);
      entry.setProperties(structOf(subject.outputs));
      entry.setOptions(optionsOf(subject));
      entry.setProvider(providerOf(subject, resources));
      entry.setParent(subject.parent ?? "");
      entry.setDependenciesList([...subject.dependencies]);
      for (const [input, urns] of Object.entries(subject.propertyDependencies)) {
        const made = new AnalyzerPropertyDependencies();
        made.setUrnsList([...urns]);
        entry.getPropertydependenciesMap().set(input, made);
      }
      return entry;
    }),
  );
  const response = await answer(runtime.makeAnalyzeStackRpcFun(...pack, policies), request);
  return response.getDiagnosticsList().map(findingOf);
}

/** @throws Error what a rule that crashes throws */
function answer<Request, Response>(
  call: runtime.Answered<Request, Response>,
  request: Request,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    void call({ request }, (error, response) => {
      if (response === undefined) reject(error ?? new Error("no answer"));
      else resolve(response);
    });
  });
}

const structOf = (values: Readonly<Record<string, unknown>>): Struct =>
  Struct.fromJavaScript(values as Readonly<Record<string, JavaScriptValue>>);

function optionsOf({
  protect,
  deleteBeforeReplace,
  parent,
}: RequestedResource): AnalyzerResourceOptions {
  const options = new AnalyzerResourceOptions();
  options.setProtect(protect);
  options.setDeletebeforereplace(deleteBeforeReplace === true);
  options.setDeletebeforereplacedefined(deleteBeforeReplace !== undefined);
  options.setParent(parent ?? "");
  return options;
}

function providerOf(
  { provider: urn }: RequestedResource,
  all: readonly RequestedResource[],
): AnalyzerProviderResource | undefined {
  if (urn === undefined) return undefined;
  const provider = new AnalyzerProviderResource();
  const [, , types = "", name = ""] = urn.split("::");
  provider.setUrn(urn);
  provider.setType(types.split("$").at(-1) ?? "");
  provider.setName(name);
  provider.setProperties(structOf(all.find((each) => each.urn === urn)?.inputs ?? {}));
  return provider;
}

function findingOf(diagnostic: AnalyzeDiagnostic): Finding {
  const message = diagnostic.getMessage();
  const isMandatory = diagnostic.getEnforcementlevel() === EnforcementLevel.MANDATORY;
  const isUnjudged = message.startsWith("can't run policy");
  return {
    rule: diagnostic.getPolicyname(),
    level: isMandatory ? "refused" : isUnjudged ? "unjudged" : "warned",
    message,
  };
}
