import { randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { DecryptionError, type Keyring } from "./encryption";

/** What the browser's sealed cookie carries. */
export interface Session {
  readonly csrf: string;
  /** Row of `session_activations` once signed in. */
  readonly id?: string;
  /** Where to go after signing in. */
  readonly returnTo?: string;
}

const cookieName = "_mastodon_session";

/** Opens the session of a request; an absent, altered or foreign cookie counts as a new visitor. */
export function readSession(headers: IncomingHttpHeaders, keyring: Keyring): Session {
  const sealed = new RegExp(`(?:^|;\\s*)${cookieName}=([^;]+)`).exec(headers.cookie ?? "")?.[1];
  if (sealed === undefined) return newSession();
  try {
    return JSON.parse(keyring.open(sealed)) as Session;
  } catch (error) {
    if (error instanceof DecryptionError) return newSession();
    throw error;
  }
}

export function newSession(): Session {
  return { csrf: randomBytes(32).toString("base64url") };
}

export function sessionCookie(session: Session, keyring: Keyring): Record<string, string> {
  const sealed = keyring.seal(JSON.stringify(session));
  return { "Set-Cookie": `${cookieName}=${sealed}; path=/; secure; HttpOnly; SameSite=Lax` };
}

/** Whether a form came from one of our own pages: its token is the session's, its Origin (if sent) is this site. */
export function isOwnForm(session: Session, token: string, headers: IncomingHttpHeaders): boolean {
  const expected = Buffer.from(session.csrf);
  const given = Buffer.from(token);
  const sameOrigin = headers.origin === undefined || headers.origin === `https://${headers.host}`;
  return sameOrigin && given.length === expected.length && timingSafeEqual(given, expected);
}
