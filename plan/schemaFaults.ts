import { z } from "zod";
import { ConfigSchema, secretKeys, type ParsedConfig } from "./configSchema";
import type { Fault } from "./faults";
import { nearest } from "./nearest";
import { oneOf, quoted } from "./shapes";

type Key = keyof ParsedConfig;

type Issue = z.core.$ZodIssue;

const keys = Object.keys(ConfigSchema.shape);

const isSecretKey = (key: string): boolean => (secretKeys as readonly string[]).includes(key);

/** The fault of a key that the schema does not know. */
export function unknownKeyFault(key: string): Fault {
  if (isSecretKey(key)) return { path: key, message: secretMessage(key) };
  const match = nearest(key, [...keys, ...secretKeys]);
  return { path: key, message: `is no key of this program${suggestion(match, keys)}` };
}

/** Says in words what the schema finds wrong with the value of a key. */
export function schemaFaults(key: Key, value: unknown, issue: Issue): Fault[] {
  const path = [key, ...issue.path.map(String)].join(".");
  const found = issue.path.reduce(innerValue, value);
  const schema = schemaAt(key, issue.path, value);
  if (issue.code === "unrecognized_keys") {
    const holder = chosenOption(schema, found);
    const known = Object.keys(shapeOf(holder));
    return issue.keys.map((name) => ({
      path: `${path}.${name}`,
      message: innerKeyMessage(path, name, known),
    }));
  }
  return [{ path, message: valueMessage(issue, found, schema) }];
}

function valueMessage(issue: Issue, found: unknown, schema: unknown): string {
  if (issue.code === "invalid_key") {
    const reason = issue.issues[0]?.message ?? issue.message;
    return `${quoted(issue.path.at(-1))} is not allowed: it ${reason}`;
  }
  // Shapes that name the value themselves begin with it.
  if (issue.code === "custom" && issue.message.startsWith('"')) return issue.message;
  const required = requirement(issue, found, schema);
  return found === undefined
    ? `is missing: it ${required}`
    : `${quoted(found)} is not allowed: it ${required}`;
}

function innerKeyMessage(path: string, name: string, known: readonly string[]): string {
  // `smtp.password` is meant to be the secret `smtpPassword`.
  const secret = `${path}${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  if (isSecretKey(secret)) return secretMessage(secret);
  return `is no key of \`${path}\`${suggestion(nearest(name, known), known)}`;
}

const secretMessage = (key: string): string =>
  `is a secret: remove it here, and set it with \`npm run pulumi -- config set --secret mastodon:${key}\``;

const suggestion = (match: string | undefined, known: readonly string[]): string =>
  match === undefined ? `; known are ${known.join(", ")}` : `; did you mean \`${match}\`?`;

const ownMessage = /^(must|names|has|holds)\b/;

function requirement(issue: Issue, found: unknown, schema: unknown): string {
  const own = ownMessage.test(issue.message);
  if (issue.code === "invalid_type") {
    const numberInQuotes =
      typeof found === "string" && /^\d+$/.test(found) && /^(number|int)$/.test(issue.expected);
    const must = own ? issue.message : `must be ${nameOf(issue.expected)}${contentOf(schema)}`;
    return numberInQuotes ? `${must}, without quotes` : must;
  }
  if (issue.code === "invalid_value") return `must be ${oneOf(issue.values)}`;
  if (issue.code === "invalid_union" && "options" in issue) {
    return `must be ${oneOf(issue.options ?? [])}`;
  }
  return own ? issue.message : `must be right: ${issue.message}`;
}

const typeNames: Readonly<Record<string, string>> = {
  object: "a map of keys to values",
  record: "a map of names to values",
  array: "a list",
  boolean: "true or false",
  string: "a text",
};

const nameOf = (type: string): string => typeNames[type] ?? `a ${type}`;

/** What a map is to hold, for whoever wrote a plain value in its place. */
function contentOf(schema: unknown): string {
  if (schema instanceof z.ZodObject)
    return `; its keys are ${Object.keys(schema.shape).join(", ")}`;
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return "";
  const { discriminator } = schema.def;
  const tags = schema.options.flatMap((option) => tagsOf(option, discriminator));
  return `; its ${discriminator} is ${oneOf(tags)}`;
}

const innerValue = (value: unknown, step: PropertyKey): unknown =>
  (value as Readonly<Record<PropertyKey, unknown>> | null | undefined)?.[step];

/** The schema that the value at a path was measured against. */
function schemaAt(key: Key, path: readonly PropertyKey[], value: unknown): unknown {
  let schema = withoutDefault(ConfigSchema.shape[key]);
  let inner = value;
  for (const step of path) {
    const holder = chosenOption(schema, inner);
    schema = withoutDefault(
      holder instanceof z.ZodRecord ? holder.valueType : shapeOf(holder)[step],
    );
    inner = innerValue(inner, step);
  }
  return schema;
}

const withoutDefault = (schema: unknown): unknown =>
  schema instanceof z.ZodDefault || schema instanceof z.ZodOptional
    ? withoutDefault(schema.unwrap())
    : schema;

/** Of a union's schemas, the one that the value's tag chooses. */
function chosenOption(schema: unknown, value: unknown): unknown {
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return schema;
  const { discriminator } = schema.def;
  const tag = innerValue(value, discriminator);
  return schema.options.find((option) => tagsOf(option, discriminator).includes(tag));
}

/** The values of a union's tag for which it chooses this schema. */
function tagsOf(option: unknown, discriminator: string): unknown[] {
  const tag = shapeOf(option)[discriminator];
  return tag instanceof z.ZodLiteral ? [...tag.values] : [];
}

/** The schemas of an object's keys; none where the schema is not that of an object. */
const shapeOf = (schema: unknown): Readonly<Record<PropertyKey, unknown>> =>
  schema instanceof z.ZodObject ? schema.shape : {};
