import { reported } from "../docker/engine";
import { InitFailed } from "../messages";
import type { Resource } from "../serve";

interface InvalidField {
  readonly name: string;
  readonly messages: readonly string[];
}

/** An answer of the API that says no. */
export class HcloudError extends Error {
  readonly fields: readonly InvalidField[];

  constructor(
    readonly status: number,
    readonly code: string,
    readonly reason: string,
    requestId: string | undefined,
    details: unknown,
  ) {
    super(`${reason} (${[code, requestId].filter((part) => part !== undefined).join(", ")})`);
    this.fields =
      (details as { fields?: readonly InvalidField[] } | null | undefined)?.fields ?? [];
  }
}

/** An answer that is no answer of the API, as a gateway's. */
export class StatusError extends Error {
  constructor(readonly status: number) {
    super(`hcloud: server responded with status code ${status}`);
  }
}

/** An action that has failed. */
export class ActionFailed extends Error {
  constructor(
    readonly code: string,
    readonly reason: string,
    readonly id: number,
    readonly command: string,
    readonly resources: string,
  ) {
    super(`${reason} (${code}, ${id})`);
  }
}

export function isError(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof HcloudError && codes.includes(error.code);
}

/** A resource of the original's older kind, on Terraform's SDK: its errors are told in one line. */
export function withPlainErrors(resource: Resource): Resource {
  return withErrors(resource, (error) => reported(plainSentence(error)));
}

function plainSentence(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (!isError(error, "invalid_input") || !(error instanceof HcloudError)) return message;
  const fields = error.fields.map(({ name, messages }) => `${name} => [${messages.join(" ")}]`);
  return `${message}: [${fields.join(" ")}]`;
}

/** A resource of the original's newer kind, on Terraform's plugin framework: its errors are told at length. */
export function withLongErrors(resource: Resource): Resource {
  return withErrors(resource, longSentence);
}

function longSentence(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ActionFailed)
    return (
      `Action failed: An API action for the resource failed.\n\n${error.reason}\n\n` +
      `Error code: ${error.code}\nCommand: ${error.command}\nID: ${error.id}\nResources: ${error.resources}`
    );
  if (!(error instanceof HcloudError))
    return `API request failed: An unexpected error was encountered during an API request.\n\n${message}\n`;
  const known = `Error code: ${error.code}\nStatus code: ${error.status}\n`;
  if (error.code !== "invalid_input")
    return `API request failed: An unexpected error was encountered during an API request.\n\n${message}\n\n${known}`;
  const [field] = error.fields;
  const details = field
    ? `Field: ${field.name}\nMessages:\n${field.messages.map((each) => ` - ${each}`).join("\n")}\n`
    : "";
  return (
    "Invalid field in API request: An invalid field was encountered during an API request. " +
    `The field might not map 1:1 to your terraform resource.\n\n${message}\n\n${details}${known}`
  );
}

/** What was created, although the create did not come to its end. */
class Unfinished extends Error {
  constructor(
    readonly id: string,
    readonly reason: unknown,
  ) {
    super();
  }
}

/** Does the rest of a create: from here on, a failure leaves the resource in the state. */
export async function finish<Result>(id: string, rest: () => Promise<Result>): Promise<Result> {
  try {
    return await rest();
  } catch (error) {
    throw new Unfinished(id, error);
  }
}

function withErrors(resource: Resource, sentence: (error: unknown) => string): Resource {
  const told = async <Result>(work: Promise<Result>): Promise<Result> => {
    try {
      return await work;
    } catch (error) {
      if (error instanceof Unfinished) throw new InitFailed(error.id, sentence(error.reason));
      throw new Error(sentence(error), { cause: error });
    }
  };
  return {
    ...resource,
    create: (planned, context) => told(resource.create(planned, context)),
    delete: (id, state, context) => told(resource.delete(id, state, context)),
    ...(resource.read
      ? {
          read: (id, state, context) =>
            told(resource.read?.(id, state, context) ?? Promise.resolve(undefined)),
        }
      : {}),
    ...(resource.update
      ? {
          update: (id, old, planned, context) =>
            told(resource.update?.(id, old, planned, context) ?? Promise.resolve(planned)),
        }
      : {}),
  };
}
