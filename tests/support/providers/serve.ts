import * as grpc from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { isGone, logger } from "./engineLink";
import {
  checkResponse,
  diffResponse,
  InitFailed,
  PartialResource,
  serviceError,
  struct,
  values,
} from "./messages";
import { partialState, planCreate, planUpdate, type Plan } from "./plan";
import { refreshedInputs } from "./refreshedInputs";
import { check, type Failure, isNamedByProgram, type Fields } from "./schema";
import { isUnknown, type Values } from "./values";

/** What an operation may use beside its values. */
export interface Context {
  readonly urn: string;
  /** The last part of the URN. */
  readonly name: string;
  /** Aborted when the engine cancels the update. */
  readonly signal: AbortSignal;
  /** Shows a line beside the resource while it is worked on. */
  readonly status: (line: string) => void;
}

export interface Created {
  readonly id: string;
  readonly state: Values;
}

/**
 * How one type of resource is made, read, changed and removed. Operations get planned states, never bare inputs; what the
 * provider is to fill in is missing from them.
 */
export interface Resource {
  readonly fields: Fields;
  /** Its `name` is generated where the program gives none. */
  readonly autonamed?: true;
  /** Replaced by removing the old one first, unless the program says otherwise. */
  readonly removedFirst?: true;
  /** What is wrong with checked inputs as a whole. */
  readonly validate?: (inputs: Values) => readonly Failure[];
  /** Replaces the table's rules where a provider has its own. */
  readonly plan?: (oldInputs: Values, oldState: Values, inputs: Values) => Plan;
  create(planned: Values, context: Context): Promise<Created>;
  /** Undefined when the resource is gone. Without it a refresh changes nothing. */
  read?(id: string, state: Values, context: Context): Promise<Values | undefined>;
  /** Without it every change that does not replace is only noted in the state. */
  update?(id: string, old: Values, planned: Values, context: Context): Promise<Values>;
  delete(id: string, state: Values, context: Context): Promise<void>;
}

export interface Provider {
  readonly name: string;
  readonly version: string;
  readonly config: Fields;
  configure(config: Values): void;
  /** By type token, such as `docker:index/network:Network`. */
  readonly resources: Readonly<Record<string, Resource>>;
  /** What the program can ask, by its token. */
  readonly functions?: Readonly<Record<string, Invoked>>;
}

type Invoked = (args: Values, signal: AbortSignal) => Promise<Values>;

/** Keys of a provider's inputs that belong to the engine. */
const engineKeys = ["version", "pluginDownloadURL", "pluginChecksums", "parameterization"];

/** A provider that answers on loopback. */
export interface Listening {
  readonly port: number;
  /** Whether no request is being worked on. */
  readonly isIdle: () => boolean;
  readonly close: () => void;
}

/**
 * Serves a provider to the engine that started this process, until that engine is gone.
 * @param args the process's own arguments; the engine's address is the one that is no option
 */
export async function serve(provider: Provider, args: readonly string[]): Promise<void> {
  const engineAddress = args.find((arg) => !arg.startsWith("-"));
  const { port, isIdle } = await listen(provider, engineAddress);
  // An official plugin, too, ends what it has begun when its engine is killed; then it must not stay behind.
  if (engineAddress !== undefined) {
    setInterval(() => {
      if (isIdle()) void isGone(engineAddress).then((gone) => gone && process.exit());
    }, 1000);
  }
  process.stdout.write(`${port}\n`);
}

/**
 * Answers an engine's requests. The server of `@pulumi/pulumi/provider` passes on neither configuration, previews,
 * detailed differences nor former inputs, all of which the official plugins use.
 * @param engineAddress where lines about progress are shown; nowhere without it
 */
export async function listen(provider: Provider, engineAddress?: string): Promise<Listening> {
  const canceled = new AbortController();
  const log = logger(engineAddress);
  let underWay = 0;

  const unary =
    <Request, Response>(handle: (request: Request) => Promise<Response> | Response) =>
    (
      call: grpc.ServerUnaryCall<Request, Response>,
      callback: grpc.sendUnaryData<Response>,
    ): void => {
      underWay++;
      const answered = async (): Promise<void> => {
        try {
          callback(null, await handle(call.request));
        } catch (error) {
          callback(serviceError(error));
        } finally {
          underWay--;
        }
      };
      void answered();
    };

  const resourceOf = (urn: string): Resource => {
    const type = urn.split("::")[2]?.split("$").pop() ?? "";
    const resource = provider.resources[type];
    if (!resource)
      throw new Error(
        `the stand-in for the ${provider.name} provider has no resource type ${type}`,
      );
    return resource;
  };
  const contextOf = (urn: string): Context => ({
    urn,
    name: urn.split("::").slice(3).join("::"),
    signal: canceled.signal,
    status: (line) => log(urn, line),
  });
  const planOf = (
    resource: Resource,
    oldInputs: Values,
    oldState: Values,
    inputs: Values,
    ignored: string[],
  ): Plan => {
    const kept = ignored.map((path) => path.split(/[.[]/)[0] ?? path);
    const effective = { ...without(inputs, kept), ...only(oldState, kept) };
    return resource.plan
      ? resource.plan(oldInputs, oldState, effective)
      : planUpdate(resource.fields, oldState, effective);
  };

  const server = new grpc.Server();
  server.addService(ResourceProviderService, {
    getPluginInfo: unary(() => new PluginInfo().setVersion(provider.version)),
    getSchema: unary(() =>
      new proto.GetSchemaResponse().setSchema(
        JSON.stringify({ name: provider.name, version: provider.version }),
      ),
    ),
    attach: unary(() => new Empty()),
    cancel: unary(() => {
      canceled.abort();
      return new Empty();
    }),
    checkConfig: unary((request: proto.CheckRequest) => {
      const config = without(values(request.getNews()), engineKeys);
      const { inputs, failures } = check(provider.config, values(request.getOlds()), config);
      return checkResponse({ ...values(request.getNews()), ...inputs }, failures);
    }),
    diffConfig: unary((request: proto.DiffRequest) => {
      const { changes } = planUpdate(
        provider.config,
        values(request.getOldInputs()),
        values(request.getNews()),
      );
      return diffResponse({ state: {}, changes }, false);
    }),
    configure: unary((request: proto.ConfigureRequest) => {
      provider.configure(values(request.getArgs()));
      // Not accepting secrets lets the engine take them out of what it sends, and mark the outputs that mirror them.
      return new proto.ConfigureResponse().setSupportspreview(true);
    }),
    check: unary((request: proto.CheckRequest) => {
      const resource = resourceOf(request.getUrn());
      const name = resource.autonamed ? contextOf(request.getUrn()).name : undefined;
      const old = values(request.getOlds());
      const checked = check(
        resource.fields,
        old,
        values(request.getNews()),
        name,
        request.getRandomseed_asU8(),
      );
      const together = resource.validate?.(checked.inputs) ?? [];
      return checkResponse(checked.inputs, [...checked.failures, ...together]);
    }),
    diff: unary((request: proto.DiffRequest) => {
      const resource = resourceOf(request.getUrn());
      const inputs = values(request.getNews());
      const olds = [values(request.getOldInputs()), values(request.getOlds())] as const;
      const plan = planOf(resource, ...olds, inputs, request.getIgnorechangesList());
      // Two of one name cannot be there at once.
      const removedFirst =
        resource.removedFirst ?? (resource.autonamed === true && isNamedByProgram(inputs));
      return diffResponse(plan, removedFirst);
    }),
    create: unary(async (request: proto.CreateRequest) => {
      const resource = resourceOf(request.getUrn());
      const inputs = values(request.getProperties());
      const planned = resource.plan?.({}, {}, inputs).state ?? planCreate(resource.fields, inputs);
      const response = new proto.CreateResponse();
      if (request.getPreview()) return response.setProperties(struct(planned));
      try {
        const { id, state } = await resource.create(
          withoutUnknowns(planned),
          contextOf(request.getUrn()),
        );
        return response.setId(id).setProperties(struct(state));
      } catch (error) {
        if (!(error instanceof InitFailed)) throw error;
        throw new PartialResource(
          error,
          `creating ${request.getUrn()}`,
          partialState(resource.fields, planned),
        );
      }
    }),
    read: unary(async (request: proto.ReadRequest) => {
      const resource = resourceOf(request.getUrn());
      const [id, old] = [request.getId(), values(request.getProperties())];
      const state = resource.read ? await resource.read(id, old, contextOf(request.getUrn())) : old;
      if (!state) return new proto.ReadResponse();
      const inputs = values(request.getInputs());
      return new proto.ReadResponse()
        .setId(id)
        .setProperties(struct(state))
        .setInputs(
          struct(resource.read ? refreshedInputs(resource.fields, inputs, state) : inputs),
        );
    }),
    update: unary(async (request: proto.UpdateRequest) => {
      const resource = resourceOf(request.getUrn());
      const old = values(request.getOlds());
      const oldInputs = values(request.getOldInputs());
      const plan = planOf(
        resource,
        oldInputs,
        old,
        values(request.getNews()),
        request.getIgnorechangesList(),
      );
      const response = new proto.UpdateResponse();
      if (request.getPreview() || !resource.update)
        return response.setProperties(struct(plan.state));
      try {
        const state = await resource.update(
          request.getId(),
          old,
          withoutUnknowns(plan.state),
          contextOf(request.getUrn()),
        );
        return response.setProperties(struct(state));
      } catch (error) {
        if (!(error instanceof InitFailed)) throw error;
        throw new PartialResource(
          error,
          `updating ${request.getUrn()}`,
          partialState(resource.fields, plan.state),
        );
      }
    }),
    delete: unary(async (request: proto.DeleteRequest) => {
      const resource = resourceOf(request.getUrn());
      await resource.delete(
        request.getId(),
        values(request.getProperties()),
        contextOf(request.getUrn()),
      );
      return new Empty();
    }),
    invoke: unary(async (request: proto.InvokeRequest) => {
      const invoked = provider.functions?.[request.getTok()];
      if (!invoked)
        throw new Error(
          `the stand-in for the ${provider.name} provider has no function ${request.getTok()}`,
        );
      const result = await invoked(values(request.getArgs()), canceled.signal);
      return new proto.InvokeResponse().setReturn(struct(result));
    }),
  });

  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  return { port, isIdle: () => underWay === 0, close: () => server.forceShutdown() };
}

function without(values: Values, keys: readonly string[]): Values {
  return Object.fromEntries(Object.entries(values).filter(([key]) => !keys.includes(key)));
}

function only(values: Values, keys: readonly string[]): Values {
  return Object.fromEntries(Object.entries(values).filter(([key]) => keys.includes(key)));
}

function withoutUnknowns(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => !isUnknown(value)));
}
