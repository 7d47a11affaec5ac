import { createHash, randomBytes } from "node:crypto";
import { HttpError, json, redirect, type Reply } from "./http";
import { escapeHtml, form, page } from "./page";
import { findBySession } from "./people";
import { isOwnForm, sessionCookie } from "./session";
import type { Route, Visit } from "./site";

const outOfBand = "urn:ietf:wg:oauth:2.0:oob";
const grantLifetimeSeconds = 600;

interface Application {
  readonly id: string;
  readonly name: string;
  readonly uid: string;
  readonly redirect_uri: string;
  readonly scopes: string;
}

/** Applications and their tokens. The password grant does not exist, as in the original since 4.4. */
export const oauthRoutes: readonly Route[] = [
  { method: "POST", pattern: /^\/api\/v1\/apps$/, answer: registerApplication },
  { method: "GET", pattern: /^\/oauth\/authorize$/, answer: askForConsent },
  { method: "POST", pattern: /^\/oauth\/authorize$/, answer: grant },
  { method: "GET", pattern: /^\/oauth\/authorize\/native$/, answer: showCode },
  { method: "POST", pattern: /^\/oauth\/token$/, answer: issueToken },
  { method: "POST", pattern: /^\/oauth\/revoke$/, answer: revoke },
];

const secret = (): string => randomBytes(32).toString("base64url");

async function registerApplication({ site, params }: Visit): Promise<Reply> {
  const name = params.get("client_name");
  const uris = [
    ...params.all("redirect_uris[]"),
    ...params.get("redirect_uris").split(/\s+/),
  ].filter((uri) => uri !== "");
  const scopes = params.get("scopes") || "read";
  if (name === "") throw new HttpError(422, "Validation failed: Application name can't be blank");
  if (uris.length === 0) throw new HttpError(422, "Validation failed: Redirect URI can't be blank");
  if (!uris.every((uri) => uri === outOfBand || URL.canParse(uri))) {
    throw new HttpError(422, "Validation failed: Redirect URI must be an absolute URI.");
  }
  if (!scopes.split(" ").every(isKnownScope)) {
    throw new HttpError(422, "Validation failed: Scopes doesn't match configured on the server.");
  }
  const uid = secret();
  const clientSecret = secret();
  const website = params.get("website") || null;
  const { rows } = await site.pool.query<{ id: string }>(
    `INSERT INTO oauth_applications (name, uid, secret, redirect_uri, scopes, website)
     VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
    [name, uid, clientSecret, uris.join("\n"), scopes, website],
  );
  return json({
    id: rows[0]?.id,
    name,
    website,
    scopes: scopes.split(" "),
    redirect_uri: uris.join("\n"),
    redirect_uris: uris,
    client_id: uid,
    client_secret: clientSecret,
    client_secret_expires_at: 0,
    vapid_key: site.environment.vapidPublicKey,
  });
}

const isKnownScope = (scope: string): boolean =>
  /^(read|write|follow|push|profile|admin:(read|write))(:[a-z_]+)*$/.test(scope);

/** What a request to authorise asks for, checked against the application; or the page that says what is wrong. */
async function requestedGrant({
  site,
  params,
}: Visit): Promise<{ application: Application; scopes: string } | Reply> {
  const { rows } = await site.pool.query<Application>(
    "SELECT * FROM oauth_applications WHERE uid = $1",
    [params.get("client_id")],
  );
  const application = rows[0];
  if (application === undefined) {
    return page("Error", "<p>Client authentication failed due to unknown client.</p>", 401);
  }
  if (!application.redirect_uri.split("\n").includes(params.get("redirect_uri"))) {
    return page("Error", "<p>The redirect uri included is not valid.</p>", 400);
  }
  if (params.get("response_type") !== "code") {
    return page(
      "Error",
      "<p>The authorization server does not support this response type.</p>",
      400,
    );
  }
  const scopes = params.get("scope") || "read";
  if (!isSubset(scopes, application.scopes)) {
    return page("Error", "<p>The requested scope is invalid, unknown, or malformed.</p>", 400);
  }
  return { application, scopes };
}

/** Whether each scope is granted, itself or as part of a whole one. */
function isSubset(scopes: string, granted: string): boolean {
  const known = granted.split(" ");
  return scopes
    .split(" ")
    .every((scope) => known.some((one) => scope === one || scope.startsWith(`${one}:`)));
}

async function askForConsent(visit: Visit): Promise<Reply> {
  const { site, session, params, url } = visit;
  if (session.id === undefined || (await findBySession(site.pool, session.id)) === undefined) {
    const remembering = { ...session, returnTo: `${url.pathname}${url.search}` };
    return redirect("/auth/sign_in", 302, sessionCookie(remembering, site.sessions));
  }
  const requested = await requestedGrant(visit);
  if ("status" in requested) return requested;
  const names = [
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
  ];
  const fields = Object.fromEntries(
    names.filter((name) => params.get(name) !== "").map((name) => [name, params.get(name)]),
  );
  return page(
    "Authorization required",
    `<p>${escapeHtml(requested.application.name)} would like permission to access your account: ${escapeHtml(requested.scopes)}</p>
${form("/oauth/authorize", session.csrf, fields, `<button name="button" type="submit">Authorize</button>`)}`,
    200,
    sessionCookie(session, site.sessions),
  );
}

async function grant(visit: Visit): Promise<Reply> {
  const { site, session, params, headers } = visit;
  if (!isOwnForm(session, params.get("authenticity_token"), headers)) return untrustedForm();
  const person = session.id === undefined ? undefined : await findBySession(site.pool, session.id);
  if (person === undefined) return redirect("/auth/sign_in");
  const requested = await requestedGrant(visit);
  if ("status" in requested) return requested;
  const challenge = params.get("code_challenge");
  if (challenge !== "" && params.get("code_challenge_method") !== "S256") {
    return page("Error", "<p>The code challenge method must be S256.</p>", 400);
  }
  const code = secret();
  await site.pool.query(
    `INSERT INTO oauth_access_grants (token, application_id, resource_owner_id, redirect_uri, scopes, code_challenge)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [
      code,
      requested.application.id,
      person.id,
      params.get("redirect_uri"),
      requested.scopes,
      challenge || null,
    ],
  );
  if (params.get("redirect_uri") === outOfBand)
    return redirect(`/oauth/authorize/native?code=${code}`);
  const target = new URL(params.get("redirect_uri"));
  target.searchParams.set("code", code);
  if (params.get("state") !== "") target.searchParams.set("state", params.get("state"));
  return redirect(target.href);
}

/** The answer to a form that did not come from one of our pages. */
export function untrustedForm(): Reply {
  return page(
    "Security verification failed",
    "<p>Security verification failed. Are you blocking cookies?</p>",
    422,
  );
}

function showCode({ params }: Visit): Reply {
  return page("Authorization code", `<code>${escapeHtml(params.get("code"))}</code>`);
}

async function issueToken({ site, params, headers }: Visit): Promise<Reply> {
  const kind = params.get("grant_type");
  if (kind !== "authorization_code" && kind !== "client_credentials") {
    throw oauthError(
      400,
      "unsupported_grant_type",
      "The authorization grant type is not supported by the authorization server.",
    );
  }
  const [uid, clientSecret] = credentials(headers.authorization) ?? [
    params.get("client_id"),
    params.get("client_secret"),
  ];
  const { rows } = await site.pool.query<Application>(
    "SELECT * FROM oauth_applications WHERE uid = $1 AND secret = $2",
    [uid, clientSecret],
  );
  const application = rows[0];
  if (application === undefined) {
    throw oauthError(
      401,
      "invalid_client",
      "Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.",
    );
  }
  if (kind === "client_credentials") {
    const scopes = params.get("scope") || "read";
    if (!isSubset(scopes, application.scopes))
      throw oauthError(
        400,
        "invalid_scope",
        "The requested scope is invalid, unknown, or malformed.",
      );
    return insertToken(site.pool, application.id, null, scopes);
  }
  const challenge = createHash("sha256").update(params.get("code_verifier")).digest("base64url");
  // Used up in the same step, so that no code serves twice.
  const grants = await site.pool.query<{ resource_owner_id: string; scopes: string }>(
    `UPDATE oauth_access_grants SET revoked_at = now()
     WHERE token = $1 AND application_id = $2 AND redirect_uri = $3 AND revoked_at IS NULL
       AND created_at > now() - make_interval(secs => $4) AND (code_challenge IS NULL OR code_challenge = $5)
     RETURNING resource_owner_id, scopes`,
    [
      params.get("code"),
      application.id,
      params.get("redirect_uri"),
      grantLifetimeSeconds,
      challenge,
    ],
  );
  const used = grants.rows[0];
  if (used === undefined) {
    throw oauthError(
      400,
      "invalid_grant",
      "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.",
    );
  }
  return insertToken(site.pool, application.id, used.resource_owner_id, used.scopes);
}

async function insertToken(
  pool: Visit["site"]["pool"],
  applicationId: string,
  personId: string | null,
  scopes: string,
): Promise<Reply> {
  const token = secret();
  await pool.query(
    "INSERT INTO oauth_access_tokens (token, resource_owner_id, application_id, scopes) VALUES ($1, $2, $3, $4)",
    [token, personId, applicationId, scopes],
  );
  return json({
    access_token: token,
    token_type: "Bearer",
    scope: scopes,
    created_at: Math.floor(Date.now() / 1_000),
  });
}

function credentials(authorization: string | undefined): [string, string] | undefined {
  const encoded = /^Basic (.+)$/.exec(authorization ?? "")?.[1];
  if (encoded === undefined) return undefined;
  const [uid = "", clientSecret = ""] = Buffer.from(encoded, "base64").toString("utf8").split(":");
  return [uid, clientSecret];
}

const oauthError = (status: number, error: string, description: string): HttpError =>
  new HttpError(status, error, { error_description: description });

async function revoke(visit: Visit): Promise<Reply> {
  const { site, params } = visit;
  const { rows } = await site.pool.query<{ id: string }>(
    `UPDATE oauth_access_tokens tokens SET revoked_at = now() FROM oauth_applications applications
     WHERE applications.id = tokens.application_id AND uid = $1 AND secret = $2 AND token = $3 AND revoked_at IS NULL
     RETURNING tokens.id`,
    [params.get("client_id"), params.get("client_secret"), params.get("token")],
  );
  for (const { id } of rows)
    await site.redis.publish(`timeline:access_token:${id}`, JSON.stringify({ event: "kill" }));
  return json({});
}
