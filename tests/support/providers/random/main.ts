import { randomBytes, randomInt, randomUUID, scryptSync } from "node:crypto";
import type { Fields, Property } from "../schema";
import { createdState } from "../plan";
import { type Context, type Created, type Resource, serve } from "../serve";
import type { Values } from "../values";

const keepers: Property = { kind: "map", forceNew: true };
const length: Property = {
  kind: "int",
  required: true,
  forceNew: true,
  fault: (value: number) =>
    value < 1 ? `Attribute length value must be at least 1, got: ${value}` : undefined,
};
const use: Property = { kind: "bool", forceNew: true, default: true };
const least: Property = { kind: "int", forceNew: true, default: 0 };
const filled: Property = { kind: "string", output: true };

const text: Fields = {
  keepers,
  length,
  lower: use,
  minLower: least,
  minNumeric: least,
  minSpecial: least,
  minUpper: least,
  number: { kind: "bool", forceNew: true, computed: true },
  numeric: { kind: "bool", forceNew: true, computed: true },
  overrideSpecial: { kind: "string", forceNew: true },
  special: use,
  upper: use,
  result: filled,
};

const password: Resource = generated({ ...text, bcryptHash: filled }, (planned) => {
  const result = randomText(planned);
  // The original hashes with bcrypt, which Node lacks; a program that reads this gets a hash, but not that one.
  const bcryptHash = `$scrypt$${scryptSync(result, randomBytes(16), 32).toString("base64")}`;
  return { id: "none", state: { ...numericOf(planned), result, bcryptHash } };
});

const string: Resource = generated(text, (planned) => {
  const result = randomText(planned);
  return { id: result, state: { ...numericOf(planned), result } };
});

const bytes: Resource = generated({ keepers, length, base64: filled, hex: filled }, (planned) => {
  const value = randomBytes(Number(planned["length"]));
  const base64 = value.toString("base64");
  // As in the original, the value itself is the resource's id, which the engine cannot keep secret.
  return { id: base64, state: { base64, hex: value.toString("hex") } };
});

const identifier: Resource = generated(
  {
    keepers,
    byteLength: length,
    prefix: { kind: "string", forceNew: true },
    b64Std: filled,
    b64Url: filled,
    dec: filled,
    hex: filled,
  },
  (planned) => {
    const value = randomBytes(Number(planned["byteLength"]));
    const prefix = typeof planned["prefix"] === "string" ? planned["prefix"] : "";
    const hex = value.toString("hex");
    const state = {
      b64Std: prefix + value.toString("base64"),
      b64Url: prefix + value.toString("base64url"),
      dec: prefix + BigInt(`0x${hex}`).toString(),
      hex: prefix + hex,
    };
    return { id: value.toString("base64url"), state };
  },
);

const uuid: Resource = generated({ keepers, result: filled }, () => {
  const result = randomUUID();
  return { id: result, state: { result } };
});

/** A resource that is only ever generated: kept in the state, nowhere else. */
function generated(fields: Fields, generate: (planned: Values) => Created): Resource {
  return {
    fields,
    create: (planned: Values, _context: Context) => {
      const { id, state } = generate(planned);
      return Promise.resolve({
        id,
        state: createdState(fields, planned, { ...planned, ...state }),
      });
    },
    delete: () => Promise.resolve(),
  };
}

/** `number` is the old name of `numeric`: each follows the other, and both are true where neither is given. */
function numericOf(planned: Values): { number: boolean; numeric: boolean } {
  const numeric = planned["numeric"] !== false && planned["number"] !== false;
  return { number: numeric, numeric };
}

function randomText(planned: Values): string {
  const special = planned["overrideSpecial"];
  const classes = [
    {
      letters: "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
      used: planned["upper"] === true,
      atLeast: Number(planned["minUpper"]),
    },
    {
      letters: "abcdefghijklmnopqrstuvwxyz",
      used: planned["lower"] === true,
      atLeast: Number(planned["minLower"]),
    },
    {
      letters: "0123456789",
      used: numericOf(planned).numeric,
      atLeast: Number(planned["minNumeric"]),
    },
    {
      letters: typeof special === "string" && special !== "" ? special : "!@#$%&*()-_=+[]{}<>:?",
      used: planned["special"] === true,
      atLeast: Number(planned["minSpecial"]),
    },
  ];
  const total = Number(planned["length"]);
  const all = classes.map(({ letters, used }) => (used ? letters : "")).join("");
  if (all === "") throw new Error("the character set specified is empty");
  const needed = classes.reduce((sum, { atLeast }) => sum + atLeast, 0);
  if (needed > total)
    throw new Error(
      `Attribute length value must be at least sum of the minimums, ${needed}, got: ${total}`,
    );
  const drawn = classes.flatMap(({ letters, atLeast }) => draw(letters, atLeast));
  return shuffled([...drawn, ...draw(all, total - drawn.length)]).join("");
}

function draw(letters: string, count: number): string[] {
  const choices = Array.from(letters);
  return Array.from({ length: count }, () => choices[randomInt(choices.length)] ?? "");
}

function shuffled(letters: string[]): string[] {
  const mixed = [...letters];
  for (let last = mixed.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    [mixed[last], mixed[other]] = [mixed[other] ?? "", mixed[last] ?? ""];
  }
  return mixed;
}

void serve(
  {
    name: "random",
    version: "4.21.2",
    config: {},
    configure: () => undefined,
    resources: {
      "random:index/randomPassword:RandomPassword": password,
      "random:index/randomString:RandomString": string,
      "random:index/randomBytes:RandomBytes": bytes,
      "random:index/randomId:RandomId": identifier,
      "random:index/randomUuid:RandomUuid": uuid,
    },
  },
  process.argv.slice(2),
);
