/** What the envelope of an answer that says no holds: https://developers.cloudflare.com/fundamentals/api/reference/. */
export interface Complaint {
  readonly code: number;
  readonly message: string;
  readonly error_chain?: readonly Complaint[];
}

/** An answer that says no. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: number,
    message: string,
    readonly chain: readonly Complaint[] = [],
  ) {
    super(message);
  }

  get complaint(): Complaint {
    const { code, message, chain } = this;
    return { code, message, ...(chain.length > 0 ? { error_chain: chain } : {}) };
  }
}

/** A body that is not by the schema. */
export function invalidBody(reason: string): ApiError {
  return new ApiError(400, 1004, `Validation error: ${reason}`);
}

export function missingPermission(): ApiError {
  return new ApiError(403, 10_000, "Authentication error");
}

/** Zones and their settings say it in other words than the rest. */
export function unauthorized(): ApiError {
  return new ApiError(403, 9109, "Unauthorized to access requested resource");
}
