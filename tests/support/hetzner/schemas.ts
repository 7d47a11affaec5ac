import { readFileSync } from "node:fs";
import { createContext, runInContext } from "node:vm";
import { Ajv, type ErrorObject } from "ajv";
import type { InvalidField } from "./apiError";

interface Schema {
  readonly [key: string]: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

const location: Schema = { $ref: "#/components/schemas/location" };
const idOrName: Schema = { anyOf: [{ type: "string" }, { type: "integer" }] };

/**
 * What Hetzner's reference (August 2026) says otherwise than the package's copy of it, which is of 2024: locations took
 * the place of data centers (2025-12-16, removed 2026-07-01), server types tell their locations (2025-09-24), an
 * attachment can name its subnet. And ids are taken where the reference asks for "ID or name".
 */
const amendments: Readonly<Record<string, (schema: Schema) => Schema>> = {
  server: (schema) => amend(schema, { location }, ["datacenter"]),
  create_server_request: (schema) =>
    amend(
      schema,
      {
        image: idOrName,
        server_type: idOrName,
        ssh_keys: { type: "array", items: idOrName },
      },
      ["datacenter"],
      [],
    ),
  server_type: (schema) =>
    amend(schema, { category: { type: "string" }, locations: { type: "array" } }),
  create_primary_ip_request: (schema) => {
    const { required = [], ...rest } = amend(schema, { location: idOrName }, ["datacenter"], []);
    return { ...rest, required: required.filter((key) => key !== "assignee_type") };
  },
  create_primary_ip_response: withPrimaryIp,
  get_primary_ip_response: withPrimaryIp,
  replace_primary_ip_response: withPrimaryIp,
  list_primary_ips_response: (schema) => {
    const { primary_ips = {} } = schema.properties ?? {};
    const items = withLocation((primary_ips["items"] ?? {}) as Schema);
    return amend(schema, { primary_ips: { ...primary_ips, items } }, [], []);
  },
  attach_server_to_network_request: (schema) =>
    amend(schema, { ip_range: { type: "string" } }, [], []),
};

function withPrimaryIp(schema: Schema): Schema {
  const { primary_ip = {} } = schema.properties ?? {};
  return amend(schema, { primary_ip: withLocation(primary_ip) }, [], []);
}

const withLocation = (schema: Schema): Schema => amend(schema, { location }, ["datacenter"]);

function amend(
  schema: Schema,
  added: Readonly<Record<string, Schema>>,
  removed: readonly string[] = [],
  required = Object.keys(added),
): Schema {
  const properties = { ...schema.properties, ...added };
  return {
    ...schema,
    properties: Object.fromEntries(
      Object.entries(properties).filter(([key]) => !removed.includes(key)),
    ),
    required: [...new Set([...(schema.required ?? []), ...required])].filter(
      (key) => !removed.includes(key),
    ),
  };
}

/** Refuses properties that the schema does not name. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== "object" || value === null) return value;
  const inner = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, closed(each)]));
  return "properties" in inner && !("additionalProperties" in inner)
    ? { ...inner, additionalProperties: false }
    : inner;
}

/** The schemas of the package, by the names that they have in Hetzner's OpenAPI document. */
function published(): Record<string, Schema> {
  const file = require.resolve("hcloud-api/dist/client/schemas.gen.js");
  // An ES module of nothing but constants; jest and the compiled tests load CommonJS only.
  const source = readFileSync(file, "utf8").replace(/^export const (\w+)Schema = /gm, "all.$1 = ");
  const context = createContext({ all: {} });
  return runInContext(`${source}; JSON.parse(JSON.stringify(all))`, context) as Record<
    string,
    Schema
  >;
}

function validators(): Ajv {
  const schemas = Object.fromEntries(
    Object.entries(published()).map(([name, schema]) => [
      name,
      closed(amendments[name]?.(schema) ?? schema),
    ]),
  );
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema({ components: { schemas } }, "hetzner");
  return ajv;
}

const ajv = validators();

/** What is wrong with a value by the schema of that name, field by field. @throws if there is no such schema */
export function faultsOf(name: string, value: unknown): InvalidField[] {
  const validate = ajv.getSchema(`hetzner#/components/schemas/${name}`);
  if (!validate) throw new Error(`Hetzner publishes no schema named ${name}`);
  return validate(value) === true ? [] : (validate.errors ?? []).map(faultOf);
}

function faultOf({ instancePath, params, message }: ErrorObject): InvalidField {
  const extra = params as { missingProperty?: string; additionalProperty?: string };
  const at = instancePath.split("/").slice(1);
  const name = [...at, extra.missingProperty ?? extra.additionalProperty ?? []].flat().join(".");
  return {
    name,
    messages: [extra.missingProperty ? "Missing data for required field." : (message ?? "")],
  };
}
