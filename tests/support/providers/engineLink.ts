import { connect } from "node:net";
import * as grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

/** Whether nobody listens at `host:port` any more. */
export function isGone(address: string): Promise<boolean> {
  const { hostname, port } = new URL(`tcp://${address}`);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.on("connect", () => resolve(false));
    socket.on("error", () => resolve(true));
    socket.on("close", () => socket.destroy());
    socket.end();
  });
}

/** Shows lines beside resources, where the engine's address is known. */
export function logger(engineAddress: string | undefined): (urn: string, line: string) => void {
  if (engineAddress === undefined) return () => undefined;
  const client = new EngineClient(engineAddress, grpc.credentials.createInsecure());
  return (urn, line) => {
    const request = new LogRequest()
      .setSeverity(LogSeverity.INFO)
      .setMessage(line)
      .setUrn(urn)
      .setEphemeral(true);
    client.log(request, () => undefined);
  };
}
