import { identity } from "./elements";
import { defaultsKey, type Fields, type Property } from "./schema";
import { canonical, isObject, strings, type Value, type Values } from "./values";

/** What the inputs become by a refresh: those that the program gave, with the values that were read. */
export function refreshedInputs(fields: Fields, inputs: Values, state: Values): Values {
  const refreshed: Values = {};
  for (const [key, value] of Object.entries(inputs)) {
    const property = fields[key];
    const read = state[key];
    if (property && read !== undefined) refreshed[key] = refreshedInput(property, value, read);
  }
  // A default whose value has changed outside is none any more: the next check puts it back.
  const kept = strings(inputs[defaultsKey]).filter(
    (key) => canonical(refreshed[key]) === canonical(inputs[key]),
  );
  return kept.length > 0 ? { ...refreshed, [defaultsKey]: kept } : refreshed;
}

function refreshedInput(property: Property, input: Value, read: Value): Value {
  if (property.kind === "set" && Array.isArray(input) && Array.isArray(read)) {
    const known = new Set(read.map((element) => identity(property.fields, element)));
    return input.filter((element) => known.has(identity(property.fields, element)));
  }
  if (property.kind === "list" && Array.isArray(input) && Array.isArray(read)) {
    const element: Property = property.fields
      ? { kind: "object", fields: property.fields }
      : { kind: "string" };
    return read
      .slice(0, input.length)
      .map((value, index) => refreshedInput(element, input[index] ?? value, value));
  }
  if (property.kind === "object" && property.fields && isObject(input) && isObject(read)) {
    return refreshedInputs(property.fields, input, read);
  }
  return read;
}
