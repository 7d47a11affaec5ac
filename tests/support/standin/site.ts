import type { IncomingHttpHeaders } from "node:http";
import type { Redis } from "ioredis";
import type { Pool } from "pg";
import type { Keyring } from "./encryption";
import type { Environment } from "./environment";
import { HttpError, type Params, type Reply } from "./http";
import { findByToken, obstacle, type Person, type Token } from "./people";
import type { Session } from "./session";

/** What every page of web works with. */
export interface Site {
  readonly environment: Environment;
  readonly pool: Pool;
  readonly redis: Redis;
  readonly columns: Keyring;
  readonly sessions: Keyring;
}

/** One request, its parameters read. */
export interface Visit {
  readonly site: Site;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly params: Params;
  readonly session: Session;
}

/** Answers one path; `match` holds what the pattern captured. */
export interface Route {
  readonly method: "GET" | "POST" | "DELETE";
  readonly pattern: RegExp;
  readonly answer: (visit: Visit, match: readonly string[]) => Promise<Reply> | Reply;
}

/** The bearer token of a request, or nothing when none was sent. */
export async function tokenOf({ site, headers, params }: Visit): Promise<Token | undefined> {
  const text = /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1] ?? params.get("access_token");
  if (text === "") return undefined;
  const token = await findByToken(site.pool, text);
  if (token === undefined) throw new HttpError(401, "The access token is invalid");
  return token;
}

/**
 * The person behind a request's token.
 * @param scope such as `write:statuses`; the whole of `write` serves as well
 */
export async function personOf(
  visit: Visit,
  scope: string,
): Promise<{ person: Person; token: Token }> {
  const token = await tokenOf(visit);
  if (token === undefined) throw new HttpError(401, "The access token is invalid");
  const whole = scope.replace(/:.*/, "");
  if (!token.scopes.includes(scope) && !token.scopes.includes(whole)) {
    throw new HttpError(403, "This action is outside the authorized scopes");
  }
  if (token.person === undefined)
    throw new HttpError(422, "This method requires an authenticated user");
  const refusal = obstacle(token.person);
  if (refusal !== undefined) throw new HttpError(403, refusal);
  return { person: token.person, token };
}
