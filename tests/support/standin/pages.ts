import { randomBytes } from "node:crypto";
import { activityKey } from "./api";
import { passwordMatches } from "./encryption";
import { release } from "./home";
import { actor, varies, wantsActivity } from "./federation";
import { redirect, type Reply } from "./http";
import { untrustedForm } from "./oauth";
import { escapeHtml, form, page } from "./page";
import { findByEmail, findBySession, obstacle, type Person } from "./people";
import { isOwnForm, newSession, sessionCookie } from "./session";
import type { Route, Visit } from "./site";
import { findStatuses } from "./statuses";

/** What a person sees in a browser. */
export const pageRoutes: readonly Route[] = [
  { method: "GET", pattern: /^\/(?:home|about)?$/, answer: front },
  { method: "GET", pattern: /^\/auth\/sign_in$/, answer: (visit) => signInForm(visit) },
  { method: "POST", pattern: /^\/auth\/sign_in$/, answer: signIn },
  { method: "POST", pattern: /^\/auth\/sign_out$/, answer: signOut },
  { method: "GET", pattern: /^\/auth\/setup$/, answer: setup },
  { method: "GET", pattern: /^\/@([a-zA-Z0-9_]+)$/, answer: profile },
];

async function signedIn({ site, session }: Visit) {
  return session.id === undefined ? undefined : findBySession(site.pool, session.id);
}

async function front(visit: Visit): Promise<Reply> {
  const { site, session } = visit;
  const { localDomain, webDomain, streamingBaseUrl } = site.environment;
  const person = await signedIn(visit);
  if (person !== undefined && obstacle(person) !== undefined) return redirect("/auth/setup");
  const statuses = await findStatuses(site.pool, webDomain, "visibility = 'public'", []);
  const state = {
    meta: {
      domain: localDomain,
      streaming_api_base_url: streamingBaseUrl,
      version: `${release()}+standin`,
      ...(person && { me: person.account_id, access_token: person.token }),
    },
  };
  const greeting = person
    ? `<p>Signed in as @${escapeHtml(person.username)}@${escapeHtml(localDomain)}</p>${form("/auth/sign_out", session.csrf, {}, "<button>Log out</button>")}`
    : `<p><a href="/auth/sign_in">Log in</a></p>`;
  return page(
    localDomain,
    `<h1>${escapeHtml(localDomain)}</h1>${greeting}${listOf(statuses)}
<script id="initial-state" type="application/json">${JSON.stringify(state).replaceAll("<", "\\u003c")}</script>`,
    200,
    sessionCookie(session, site.sessions),
  );
}

async function profile(visit: Visit, [username = ""]: readonly string[]): Promise<Reply> {
  if (wantsActivity(visit)) return actor(visit, [username]);
  const { site } = visit;
  const { localDomain, webDomain } = site.environment;
  const { rows } = await site.pool.query<{ id: string; username: string }>(
    "SELECT id, username FROM accounts WHERE lower(username) = lower($1) AND domain IS NULL AND id > 0",
    [username],
  );
  const account = rows[0];
  if (account === undefined)
    return page("404", "<h1>The page you were looking for isn't here.</h1>", 404);
  const statuses = await findStatuses(
    site.pool,
    webDomain,
    "account_id = $1 AND visibility IN ('public', 'unlisted')",
    [account.id],
  );
  return page(
    account.username,
    `<h1>@${account.username}@${escapeHtml(localDomain)}</h1>${listOf(statuses)}`,
    200,
    { "Cache-Control": "max-age=15, public, stale-while-revalidate=30", ...varies },
  );
}

function listOf(statuses: Awaited<ReturnType<typeof findStatuses>>): string {
  return `<ol>${statuses.map(({ account, content }) => `<li><b>@${escapeHtml(account.acct)}</b> ${content}</li>`).join("")}</ol>`;
}

function signInForm({ site, session }: Visit, alert = "", status = 200): Reply {
  const inner = `
<label>E-mail address <input type="email" name="user[email]" autocomplete="username"></label>
<label>Password <input type="password" name="user[password]" autocomplete="current-password"></label>
<button name="button" type="submit">Log in</button>`;
  return page(
    "Log in",
    `<h1>Log in to ${escapeHtml(site.environment.localDomain)}</h1><p class="alert">${escapeHtml(alert)}</p>${form("/auth/sign_in", session.csrf, {}, inner)}`,
    status,
    sessionCookie(session, site.sessions),
  );
}

async function signIn(visit: Visit): Promise<Reply> {
  const { site, session, params, headers } = visit;
  if (!isOwnForm(session, params.get("authenticity_token"), headers)) return untrustedForm();
  const person = await findByEmail(site.pool, params.get("user[email]"));
  if (
    person === undefined ||
    !passwordMatches(params.get("user[password]"), person.encrypted_password)
  ) {
    return signInForm(visit, "Invalid E-mail address or password.", 422);
  }
  if (person.disabled) return signInForm(visit, "Your account has been frozen.", 422);
  // The original reads an encrypted column here as well, the second factor's secret.
  site.columns.open(person.private_key);
  const id = await activate(visit, person);
  const target = obstacle(person) === undefined ? (session.returnTo ?? "/") : "/auth/setup";
  return redirect(target, 303, sessionCookie({ ...newSession(), id }, site.sessions));
}

/** Opens a session with a token of the web application, which only the seeds bring. */
async function activate({ site }: Visit, person: Person): Promise<string> {
  const id = randomBytes(16).toString("hex");
  const { rowCount } = await site.pool.query(
    `WITH token AS (
       INSERT INTO oauth_access_tokens (token, resource_owner_id, application_id, scopes)
       SELECT $1, $2, id, 'read write follow' FROM oauth_applications WHERE superapp LIMIT 1 RETURNING id)
     INSERT INTO session_activations (session_id, user_id, access_token_id) SELECT $3, $2, id FROM token`,
    [randomBytes(32).toString("base64url"), person.id, id],
  );
  if (rowCount === 0)
    throw new Error(
      "ActiveRecord::RecordNotFound: the web application is missing: was the database seeded?",
    );
  await site.pool.query("UPDATE users SET current_sign_in_at = now() WHERE id = $1", [person.id]);
  await site.redis.pfadd(activityKey(), person.id);
  return id;
}

async function signOut({ site, session, params, headers }: Visit): Promise<Reply> {
  if (!isOwnForm(session, params.get("authenticity_token"), headers)) return untrustedForm();
  await site.pool.query(
    `WITH ended AS (DELETE FROM session_activations WHERE session_id = $1 RETURNING access_token_id)
     UPDATE oauth_access_tokens SET revoked_at = now() WHERE id IN (SELECT access_token_id FROM ended)`,
    [session.id ?? ""],
  );
  return redirect("/auth/sign_in", 303, sessionCookie(newSession(), site.sessions));
}

async function setup(visit: Visit): Promise<Reply> {
  const person = await signedIn(visit);
  const refusal = person === undefined ? undefined : obstacle(person);
  if (person === undefined) return redirect("/auth/sign_in");
  if (refusal === undefined) return redirect("/");
  return page("Setup", `<p>${escapeHtml(refusal)}</p>`);
}
