export interface InvalidField {
  readonly name: string;
  readonly messages: readonly string[];
}

/** An answer that says no, in the form of https://docs.hetzner.cloud/reference/cloud#errors. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: unknown = null,
  ) {
    super(message);
  }
}

export function invalidInput(...fields: readonly InvalidField[]): ApiError {
  const [first] = fields;
  const message = `invalid input in field '${first?.name ?? ""}': ${first?.messages[0] ?? ""}`;
  return new ApiError(422, "invalid_input", message, { fields });
}

export function invalidField(name: string, message: string): ApiError {
  return invalidInput({ name, messages: [message] });
}

export function notUnique(field: string, message: string): ApiError {
  return new ApiError(409, "uniqueness_error", message, { fields: [{ name: field }] });
}

/** An error of one operation, from its own table in the reference. */
export function refused(code: string, message: string): ApiError {
  return new ApiError(422, code, message);
}
