import { createInterface } from "node:readline";
import type { Socket } from "node:net";
import type { IngressRule } from "./ingress";

/*
 * What the stand-in for cloudflared and the double of Cloudflare's edge say to each other: a line of JSON, and for a
 * visitor's stream whatever follows it. The original speaks QUIC or HTTP/2 on the same port.
 */

/** The port of Cloudflare's edge on which cloudflared registers. */
export const edgePort = 7844;

/** The first line of a connection: a connector presents itself, or takes up a stream that it was told of. */
export type Hello =
  | { readonly kind: "connector"; readonly token: string }
  | { readonly kind: "stream"; readonly stream: string };

/** What the edge tells a connector. */
export type Notice =
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "ingress"; readonly ingress: readonly IngressRule[] }
  | {
      readonly kind: "visitor";
      readonly stream: string;
      readonly hostname: string;
      readonly path: string;
    };

export const say = (socket: Socket, message: Hello | Notice): void => {
  socket.write(`${JSON.stringify(message)}\n`);
};

/** Every line that arrives. */
export function onLines(socket: Socket, heard: (message: unknown) => void): void {
  const lines = createInterface({ input: socket });
  lines.on("line", (line) => heard(JSON.parse(line)));
  // It repeats what goes wrong with the socket, whose owner hears of that.
  lines.on("error", () => undefined);
}
