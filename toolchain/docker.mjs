import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { request } from "node:http";
import { homedir } from "node:os";
import path from "node:path";
import { state } from "./folders.mjs";
import { parseJson } from "./json.mjs";
import { run } from "./processes.mjs";
import { UserError } from "./report.mjs";

/** Where an engine listens unless told otherwise. */
export const defaultSocket = "/var/run/docker.sock";

/** Docker 20.10: what Debian 11 and later and Ubuntu 20.04 and later have. */
const oldestApi = "1.41";

/**
 * @typedef {object} Engine
 * @property {string} host as in DOCKER_HOST
 * @property {string | undefined} socket its path, where it is a Unix socket on this machine
 */

/**
 * @typedef {object} EngineFault
 * @property {"absent" | "denied" | "stopped" | "silent" | "old"} kind
 * @property {string} host
 * @property {string} [detail]
 * @property {boolean} chosen whether the person chose this engine, by DOCKER_HOST or a context
 */

/**
 * Finds the engine: DOCKER_HOST, else Docker's active context, else the socket of a Docker product.
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<{engine: Engine} | {fault: EngineFault}>}
 */
export async function findEngine(env = process.env) {
  const home = env.HOME || homedir();
  const chosen = env.DOCKER_HOST || (await contextHost(env, home));
  if (chosen) return probe(chosen, true);
  const sockets = [
    defaultSocket,
    path.join(home, ".docker/run/docker.sock"),
    path.join(home, ".orbstack/run/docker.sock"),
    path.join(home, ".colima/default/docker.sock"),
  ];
  /** @type {EngineFault | undefined} */
  let worst;
  for (const socket of sockets) {
    const found = await probe(`unix://${socket}`, false);
    if ("engine" in found) return found;
    if (found.fault.kind !== "absent") worst ??= found.fault;
  }
  return { fault: worst ?? { kind: "absent", host: `unix://${defaultSocket}`, chosen: false } };
}

/**
 * The host of the active context, as the docker CLI keeps it: a folder named after the digest of the context's name.
 * @param {NodeJS.ProcessEnv} env
 * @param {string} home
 * @returns {Promise<string | undefined>} undefined for the default context
 */
async function contextHost(env, home) {
  const folder = env.DOCKER_CONFIG || path.join(home, ".docker");
  const name =
    env.DOCKER_CONTEXT ||
    activeContext(await readFile(path.join(folder, "config.json"), "utf8").catch(() => "{}"));
  if (!name || name === "default") return undefined;
  const digest = createHash("sha256").update(name).digest("hex");
  const text = await readFile(
    path.join(folder, "contexts/meta", digest, "meta.json"),
    "utf8",
  ).catch(() => undefined);
  const host = text && hostOfContext(text);
  if (!host)
    throw new UserError(
      `Docker's active context is "${name}", but it names no engine. Choose another: docker context use default`,
    );
  return host;
}

/**
 * @param {string} text Docker's `config.json`
 * @returns {string | undefined}
 */
export function activeContext(text) {
  const config = /** @type {{currentContext?: string} | undefined} */ (parse(text));
  return config?.currentContext || undefined;
}

/**
 * @param {string} text a context's `meta.json`
 * @returns {string | undefined}
 */
export function hostOfContext(text) {
  const meta = /** @type {{Endpoints?: {docker?: {Host?: string}}} | undefined} */ (parse(text));
  return meta?.Endpoints?.docker?.Host || undefined;
}

/**
 * @param {string} text
 * @returns {unknown} undefined when it is not JSON
 */
function parse(text) {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/**
 * @param {string} host
 * @param {boolean} chosen
 * @returns {Promise<{engine: Engine} | {fault: EngineFault}>}
 */
async function probe(host, chosen) {
  if (!host.startsWith("unix://")) return probeRemote(host, chosen);
  const socket = host.slice("unix://".length);
  if (!(await stat(socket).catch(() => undefined)))
    return { fault: { kind: "absent", host, chosen } };
  try {
    const { status, headers } = await ask(socket, "/_ping", 5_000);
    if (status !== 200)
      return { fault: { kind: "silent", host, chosen, detail: `it answered ${status}` } };
    const api = String(headers["api-version"] ?? "");
    if (!isApiEnough(api)) return { fault: { kind: "old", host, chosen, detail: api } };
    return { engine: { host, socket } };
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    const kind =
      code === "EACCES"
        ? "denied"
        : code === "ECONNREFUSED" || code === "ENOENT"
          ? "stopped"
          : "silent";
    return { fault: { kind, host, chosen, detail: message } };
  }
}

/**
 * @param {string} host
 * @param {boolean} chosen
 * @returns {Promise<{engine: Engine} | {fault: EngineFault}>}
 */
async function probeRemote(host, chosen) {
  const args = ["-H", host, "version", "--format", "{{.Server.APIVersion}}"];
  const { code, stdout, stderr } = await run("docker", args, { limit: 15_000 });
  if (code === 0 && isApiEnough(stdout.trim())) return { engine: { host, socket: undefined } };
  if (code === 0) return { fault: { kind: "old", host, chosen, detail: stdout.trim() } };
  return { fault: { kind: "silent", host, chosen, detail: stderr.trim().split("\n")[0] ?? "" } };
}

/**
 * @param {string} api such as "1.41"
 * @returns {boolean}
 */
export function isApiEnough(api) {
  const [major = 0, minor = 0] = api.split(".").map(Number);
  const [leastMajor = 0, leastMinor = 0] = oldestApi.split(".").map(Number);
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}

/**
 * Asks a local engine.
 * @param {string} socket
 * @param {string} place path of the API, without a version
 * @param {number} limit milliseconds
 * @returns {Promise<{status: number, headers: import("node:http").IncomingHttpHeaders, body: string}>}
 */
export function ask(socket, place, limit) {
  return new Promise((resolve, reject) => {
    const asked = request(
      { socketPath: socket, path: place, signal: AbortSignal.timeout(limit) },
      (answer) => {
        let body = "";
        answer.setEncoding("utf8").on("data", (/** @type {string} */ text) => (body += text));
        answer.on("error", reject);
        answer.on("end", () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }),
        );
      },
    );
    asked.on("error", reject).end();
  });
}

/**
 * What to tell about an engine that cannot be used, and what to do.
 * @param {EngineFault} fault
 * @returns {string}
 */
export function explainFault({ kind, host, detail, chosen }) {
  const choice = chosen ? " (from DOCKER_HOST or Docker's active context)" : "";
  switch (kind) {
    case "absent":
      return `There is no Docker engine at ${host}${choice}.`;
    case "denied":
      return `Docker's engine runs, but you may not use ${host}: add yourself to its group with "sudo usermod -aG docker $USER", log in again, and run the same command again.`;
    case "stopped":
      return `Nothing answers at ${host}${choice}: Docker's engine is installed but not running. Start it (Docker Desktop, "orb start", "colima start" or "sudo systemctl start docker") and run the same command again.`;
    case "silent":
      return `Docker's engine at ${host}${choice} does not answer as it should: ${detail}. Restart it and run the same command again.`;
    case "old":
      return `Docker's engine at ${host}${choice} is too old: its API is ${detail || "unknown"}, and ${oldestApi} (Docker 20.10) is the least. Update Docker and run the same command again.`;
  }
}

/**
 * Runs the docker client against an engine.
 * @param {string} host as in DOCKER_HOST
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
export const docker = (host, args, env) =>
  run("docker", ["-H", host, ...args], { env: withSshOf(host, env), limit: 60_000 });

/** @param {string} server the alias of one that the program has made */
export const sshFolder = (server) => path.join(state, "ssh", server);

/**
 * The way to a server that the program has made is in a folder of its own, with an `ssh` that knows it. Where there is
 * none, the host is the person's, and so is the way to it.
 * @param {string} host as in DOCKER_HOST
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
export function withSshOf(host, env) {
  if (!host.startsWith("ssh://")) return env;
  const folder = sshFolder(new URL(host).hostname);
  return { ...env, PATH: `${folder}${path.delimiter}${env.PATH ?? ""}` };
}
