import { request, type RequestOptions } from "node:http";
import { EngineError } from "./engine";
import { sshOptions } from "./ssh";
import { StdioConnection } from "./stdioConnection";

/** Also a registry that the engine asks in turn may be slow. */
const patienceMs = 60_000;

export interface EngineAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * Asks an engine by its API, of which the docker client knows only a part.
 *
 * @param endpoint a value of `DOCKER_HOST`
 * @param path without a version
 * @throws EngineError where it does not answer
 */
export function askEngine(endpoint: string, path: string): Promise<EngineAnswer> {
  return new Promise((resolve, reject) => {
    const call = request({ ...transportTo(endpoint), path }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
      });
    });
    const timer = setTimeout(
      () => call.destroy(new Error("no answer within a minute")),
      patienceMs,
    );
    call.on("error", ({ message }) => {
      clearTimeout(timer);
      reject(new EngineError(`The Docker engine at ${endpoint} did not answer: ${message}`));
    });
    call.end();
  });
}

function transportTo(endpoint: string): RequestOptions {
  if (endpoint.startsWith("unix://")) return { socketPath: endpoint.slice("unix://".length) };
  const { protocol, hostname, port, username } = new URL(endpoint);
  if (protocol !== "ssh:") return { host: hostname, port };
  return {
    host: hostname,
    // As docker's own client does it: the client on the other side passes on what it reads to its engine.
    createConnection: () =>
      new StdioConnection("ssh", [
        ...sshOptions,
        ...(port === "" ? [] : ["-p", port]),
        ...["-l", username, "--", hostname.replace(/^\[|\]$/g, "")],
        "docker system dial-stdio",
      ]),
  };
}
