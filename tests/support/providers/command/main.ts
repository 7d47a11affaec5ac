import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import type { Change, Plan } from "../plan";
import type { Fields } from "../schema";
import { type Context, type Resource, serve } from "../serve";
import { canonical, isObject, strings, text, UNKNOWN, type Value, type Values } from "../values";

const fields: Fields = {
  addPreviousOutputInEnv: { kind: "bool" },
  archivePaths: { kind: "list", unsupported: true },
  assetPaths: { kind: "list", unsupported: true },
  create: { kind: "string" },
  delete: { kind: "string" },
  dir: { kind: "string" },
  environment: { kind: "map" },
  interpreter: { kind: "list" },
  logging: {
    kind: "string",
    fault: (value: string) =>
      ["stdout", "stderr", "stdoutAndStderr", "none"].includes(value)
        ? undefined
        : `"${value}" is not a kind of logging`,
  },
  stdin: { kind: "string" },
  triggers: { kind: "any" },
  update: { kind: "string" },
  stdout: { kind: "string", output: true },
  stderr: { kind: "string", output: true },
};

const localCommand: Resource = {
  fields,
  plan,
  async create(planned, context) {
    const id = context.name + randomBytes(4).toString("hex");
    return {
      id,
      state: { ...planned, ...(await outputsOf(planned["create"], planned, {}, context)) },
    };
  },
  async update(_id, old, planned, context) {
    const command = planned["update"] ?? planned["create"];
    return { ...planned, ...(await outputsOf(command, planned, old, context)) };
  },
  async delete(_id, state, context) {
    await outputsOf(state["delete"], state, state, context);
  },
};

/** Inputs are compared with former inputs. Which of `triggers` replaces is decided by the SDK; all of them do. */
function plan(oldInputs: Values, oldState: Values, inputs: Values): Plan {
  const changes: Change[] = [];
  for (const key of Object.keys(fields)) {
    const [before, now] = [oldInputs[key], inputs[key]];
    if (canonical(before) === canonical(now)) continue;
    if (key === "triggers" && Array.isArray(before) && Array.isArray(now)) {
      changes.push(...elementChanges(key, before, now));
    } else {
      const kind = before === undefined ? "add" : now === undefined ? "delete" : "update";
      changes.push({ path: key, kind, replace: key === "triggers" });
    }
  }
  const given = Object.fromEntries(Object.entries(inputs).filter(([key]) => key in fields));
  const outputs = (key: string): Value =>
    changes.length > 0 ? UNKNOWN : (oldState[key] ?? UNKNOWN);
  return { state: { ...given, stdout: outputs("stdout"), stderr: outputs("stderr") }, changes };
}

function elementChanges(key: string, before: Value[], now: Value[]): Change[] {
  return Array.from({ length: Math.max(before.length, now.length) }, (_, index) => index)
    .filter((index) => canonical(before[index]) !== canonical(now[index]))
    .map((index) => ({
      path: `${key}[${index}]`,
      kind: index >= before.length ? "add" : index >= now.length ? "delete" : "update",
      replace: true,
    }));
}

interface Outputs extends Values {
  stdout: string;
  stderr: string;
}

/**
 * Runs a command and returns what it printed, without the last line end; with no command, what was there before.
 * @throws with the exit status, the command and all that it printed, as the original does
 */
async function outputsOf(
  command: Value | undefined,
  asked: Values,
  before: Values,
  context: Context,
): Promise<Outputs> {
  const previous = { stdout: text(before["stdout"]), stderr: text(before["stderr"]) };
  if (typeof command !== "string") return previous;
  const interpreter = strings(asked["interpreter"]);
  const [program, ...args] = [
    ...(interpreter.length > 0 ? interpreter : ["/bin/sh", "-c"]),
    command,
  ];
  const inherits = asked["addPreviousOutputInEnv"] !== false;
  const child = spawn(program, args, {
    cwd: typeof asked["dir"] === "string" ? asked["dir"] : process.cwd(),
    env: {
      ...process.env,
      ...environment(asked["environment"]),
      ...(inherits && previous.stdout !== "" ? { PULUMI_COMMAND_STDOUT: previous.stdout } : {}),
      ...(inherits && previous.stderr !== "" ? { PULUMI_COMMAND_STDERR: previous.stderr } : {}),
    },
    signal: context.signal,
    killSignal: "SIGKILL",
  });
  // A command that does not read its input may close it at any time.
  child.stdin.on("error", () => undefined);
  child.stdin.end(text(asked["stdin"]));
  const printed = { stdout: "", stderr: "", both: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (chunk: string) => {
      printed[stream] += chunk;
      printed.both += chunk;
    });
    const logging = asked["logging"] ?? "stdoutAndStderr";
    if (logging === stream || logging === "stdoutAndStderr") {
      createInterface({ input: child[stream] }).on("line", context.status);
    }
  }
  const failure = await new Promise<string | undefined>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code, signal) => {
      if (signal) resolve(`signal: ${signal}`);
      else resolve(code === 0 ? undefined : `exit status ${code}`);
    });
  });
  if (failure !== undefined)
    throw new Error(`${failure}: running ${JSON.stringify(command)}:\n${printed.both}`);
  return { stdout: printed.stdout.replace(/\n$/, ""), stderr: printed.stderr.replace(/\n$/, "") };
}

function environment(value: Value | undefined): Record<string, string> {
  return isObject(value)
    ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, text(inner)]))
    : {};
}

void serve(
  {
    name: "command",
    version: "1.2.1",
    config: {},
    configure: () => undefined,
    resources: { "command:local:Command": localCommand },
  },
  process.argv.slice(2),
);
