import * as grpc from "@grpc/grpc-js";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Plan } from "./plan";
import type { Failure } from "./schema";
import { plain, type Values } from "./values";

/** The resource exists, but is not what was asked for: it is kept in the state, with what is known of it. */
export class InitFailed extends Error {
  constructor(
    readonly id: string,
    message: string,
  ) {
    super(message);
  }
}

export function values(struct: Struct | undefined): Values {
  return plain(struct?.toJavaScript() ?? {}) as Values;
}

export function struct(values: Values): Struct {
  return Struct.fromJavaScript(values);
}

export function checkResponse(inputs: Values, failures: readonly Failure[]): proto.CheckResponse {
  const list = failures.map(({ property, reason }) =>
    new proto.CheckFailure()
      .setProperty(property)
      .setReason(`${reason}. Examine values at '${property}'.`),
  );
  return new proto.CheckResponse().setInputs(struct(inputs)).setFailuresList(list);
}

const kinds = {
  add: [proto.PropertyDiff.Kind.ADD, proto.PropertyDiff.Kind.ADD_REPLACE],
  delete: [proto.PropertyDiff.Kind.DELETE, proto.PropertyDiff.Kind.DELETE_REPLACE],
  update: [proto.PropertyDiff.Kind.UPDATE, proto.PropertyDiff.Kind.UPDATE_REPLACE],
} as const;

export function diffResponse({ changes }: Plan, removedFirst: boolean): proto.DiffResponse {
  const top = (path: string): string => path.split(/[.[]/)[0] ?? path;
  const replaces = [
    ...new Set(changes.filter(({ replace }) => replace).map(({ path }) => top(path))),
  ].sort();
  const { DIFF_NONE, DIFF_SOME } = proto.DiffResponse.DiffChanges;
  const response = new proto.DiffResponse()
    .setChanges(changes.length > 0 ? DIFF_SOME : DIFF_NONE)
    .setReplacesList(replaces)
    .setDeletebeforereplace(replaces.length > 0 && removedFirst)
    .setDiffsList([...new Set(changes.map(({ path }) => top(path)))].sort())
    .setHasdetaileddiff(true);
  for (const { path, kind, replace } of changes) {
    response
      .getDetaileddiffMap()
      .set(path, new proto.PropertyDiff().setKind(kinds[kind][replace ? 1 : 0]));
  }
  return response;
}

export function serviceError(error: unknown): Partial<grpc.ServiceError> {
  if (error instanceof PartialResource) return error;
  const details = error instanceof Error ? error.message : String(error);
  return { code: grpc.status.UNKNOWN, details };
}

/** A failure that leaves a resource: the engine reads it from a field that gRPC keeps for structured errors. */
export class PartialResource extends Error {
  readonly code = grpc.status.UNKNOWN;
  readonly details: string;
  readonly metadata = new grpc.Metadata();

  constructor(error: InitFailed, doing: string, state: Values) {
    const reason = `${doing}: ${error.message}`;
    super(reason);
    this.details = reason;
    const detail = new proto.ErrorResourceInitFailed()
      .setId(error.id)
      .setProperties(struct(state))
      .setReasonsList([reason]);
    const packed = new Any();
    packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const status = new Status().setCode(this.code).setMessage(reason).setDetailsList([packed]);
    this.metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  }
}
