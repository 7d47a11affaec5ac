import * as grpc from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import type { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { struct, values } from "./messages";
import { listen, type Provider } from "./serve";
import type { Values } from "./values";

export interface Diff {
  readonly changes: boolean;
  readonly paths: readonly string[];
  readonly replaces: readonly string[];
}

/** A resource as the engine keeps it. */
export interface Kept {
  readonly id: string;
  readonly inputs: Values;
  readonly state: Values;
}

/**
 * Speaks to a plugin as Pulumi's engine does: by gRPC, and in the order of its steps (check, then diff or create, …).
 * For one type of resource, whose logical name is always `it`.
 */
export class PluginClient {
  readonly #client: ResourceProviderClient;
  readonly #close: () => void;

  private constructor(port: number, close: () => void) {
    const credentials = grpc.credentials.createInsecure();
    this.#client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials);
    this.#close = close;
  }

  static async start(provider: Provider): Promise<PluginClient> {
    const { port, close } = await listen(provider);
    return new PluginClient(port, close);
  }

  close(): void {
    this.#client.close();
    this.#close();
  }

  /** @returns the reasons why the configuration is refused */
  async configure(config: Values): Promise<readonly string[]> {
    const request = new proto.CheckRequest().setNews(struct(config));
    const checked = await answer<proto.CheckResponse>((done) =>
      this.#client.checkConfig(request, done),
    );
    const failures = checked.getFailuresList().map((failure) => failure.getReason());
    if (failures.length > 0) return failures;
    const args = new proto.ConfigureRequest().setArgs(checked.getInputs());
    await answer<proto.ConfigureResponse>((done) => this.#client.configure(args, done));
    return [];
  }

  /** The checked inputs. @throws with all faults at once */
  async check(type: string, inputs: Values, old: Values = {}): Promise<Values> {
    const request = new proto.CheckRequest()
      .setUrn(urn(type))
      .setOlds(struct(old))
      .setNews(struct(inputs));
    const response = await answer<proto.CheckResponse>((done) => this.#client.check(request, done));
    const failures = response.getFailuresList();
    if (failures.length > 0)
      throw new Error(failures.map((each) => `${each.getProperty()}: ${each.getReason()}`).join());
    return values(response.getInputs());
  }

  async preview(type: string, inputs: Values): Promise<Values> {
    const checked = await this.check(type, inputs);
    const request = new proto.CreateRequest()
      .setUrn(urn(type))
      .setProperties(struct(checked))
      .setPreview(true);
    const response = await answer<proto.CreateResponse>((done) =>
      this.#client.create(request, done),
    );
    return values(response.getProperties());
  }

  async create(type: string, inputs: Values): Promise<Kept> {
    const checked = await this.check(type, inputs);
    const request = new proto.CreateRequest().setUrn(urn(type)).setProperties(struct(checked));
    const response = await answer<proto.CreateResponse>((done) =>
      this.#client.create(request, done),
    );
    return { id: response.getId(), inputs: checked, state: values(response.getProperties()) };
  }

  async diff(type: string, kept: Kept, inputs: Values): Promise<Diff> {
    const request = new proto.DiffRequest()
      .setUrn(urn(type))
      .setId(kept.id)
      .setOldInputs(struct(kept.inputs))
      .setOlds(struct(kept.state))
      .setNews(struct(await this.check(type, inputs, kept.inputs)));
    const response = await answer<proto.DiffResponse>((done) => this.#client.diff(request, done));
    return {
      changes: response.getChanges() === proto.DiffResponse.DiffChanges.DIFF_SOME,
      paths: [...response.getDetaileddiffMap().keys()].sort(),
      replaces: response.getReplacesList(),
    };
  }

  async update(type: string, kept: Kept, inputs: Values): Promise<Kept> {
    const checked = await this.check(type, inputs, kept.inputs);
    const request = new proto.UpdateRequest()
      .setUrn(urn(type))
      .setId(kept.id)
      .setOldInputs(struct(kept.inputs))
      .setOlds(struct(kept.state))
      .setNews(struct(checked));
    const response = await answer<proto.UpdateResponse>((done) =>
      this.#client.update(request, done),
    );
    return { id: kept.id, inputs: checked, state: values(response.getProperties()) };
  }

  /** What a refresh makes of the resource; its id is empty when it is gone. */
  async read(type: string, kept: Kept): Promise<Kept> {
    const request = new proto.ReadRequest()
      .setUrn(urn(type))
      .setId(kept.id)
      .setInputs(struct(kept.inputs))
      .setProperties(struct(kept.state));
    const response = await answer<proto.ReadResponse>((done) => this.#client.read(request, done));
    return {
      id: response.getId(),
      inputs: values(response.getInputs()),
      state: values(response.getProperties()),
    };
  }

  async delete(type: string, kept: Kept): Promise<void> {
    const request = new proto.DeleteRequest()
      .setUrn(urn(type))
      .setId(kept.id)
      .setProperties(struct(kept.state));
    await answer<Empty>((done) => this.#client.delete(request, done));
  }

  async invoke(token: string, args: Values): Promise<Values> {
    const request = new proto.InvokeRequest().setTok(token).setArgs(struct(args));
    const response = await answer<proto.InvokeResponse>((done) =>
      this.#client.invoke(request, done),
    );
    return values(response.getReturn());
  }
}

/** The id of the resource that a failed operation has left behind, which the engine keeps in the state. */
export function leftBehind(error: unknown): string | undefined {
  const [packed] = (error as grpc.ServiceError).metadata.get("grpc-status-details-bin");
  if (!Buffer.isBuffer(packed)) return undefined;
  const [detail] = Status.deserializeBinary(packed).getDetailsList();
  if (!detail) return undefined;
  return proto.ErrorResourceInitFailed.deserializeBinary(detail.getValue_asU8()).getId();
}

function urn(type: string): string {
  return `urn:pulumi:test::test::${type}::it`;
}

function answer<Response>(
  ask: (done: (error: grpc.ServiceError | null, response: Response) => void) => unknown,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    ask((error, response) => {
      if (error) reject(error);
      else resolve(response);
    });
  });
}
