import type { Reply } from "./http";
import { json, redirect } from "./http";
import type { Route, Visit } from "./site";

/** What other servers ask for, beside webfinger and nodeinfo. */
export const federationRoutes: readonly Route[] = [
  { method: "GET", pattern: /^\/\.well-known\/host-meta$/, answer: hostMeta },
  { method: "GET", pattern: /^\/users\/([a-zA-Z0-9_]+)$/, answer: actor },
];

/** Pages and what other servers get lie under one address: whoever keeps a copy must tell them apart by these. */
export const varies = { Vary: "Accept, Accept-Language, Cookie" } as const;

/** Whether a request asks for what servers tell each other, rather than for a page. */
export const wantsActivity = ({ headers }: Visit): boolean =>
  /application\/(activity|ld)\+json/.test(headers.accept ?? "");

function hostMeta({ site }: Visit): Reply {
  return {
    status: 200,
    headers: {
      "Content-Type": "application/xrd+xml; charset=utf-8",
      "Cache-Control": "max-age=259200, public",
      "Access-Control-Allow-Origin": "*",
    },
    body: `<?xml version="1.0" encoding="UTF-8"?>
<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">
  <Link rel="lrdd" template="https://${site.environment.webDomain}/.well-known/webfinger?resource={uri}"/>
</XRD>
`,
  };
}

/** A person as other servers know them; a browser is led to their page. */
export async function actor(visit: Visit, [name = ""]: readonly string[]): Promise<Reply> {
  const { site } = visit;
  const { webDomain } = site.environment;
  if (!wantsActivity(visit)) return redirect(`https://${webDomain}/@${name}`, 301, varies);
  const { rows } = await site.pool.query<{
    username: string;
    display_name: string;
    public_key: string | null;
  }>(
    `SELECT username, display_name, public_key FROM accounts
     LEFT JOIN keypairs ON keypairs.account_id = accounts.id
     WHERE lower(username) = lower($1) AND domain IS NULL AND accounts.id > 0`,
    [name],
  );
  const found = rows[0];
  if (found === undefined) return json({ error: "Not Found" }, 404, varies);
  const id = `https://${webDomain}/users/${found.username}`;
  return json(
    {
      "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
      id,
      type: "Person",
      preferredUsername: found.username,
      name: found.display_name,
      inbox: `${id}/inbox`,
      outbox: `${id}/outbox`,
      url: `https://${webDomain}/@${found.username}`,
      publicKey: { id: `${id}#main-key`, owner: id, publicKeyPem: found.public_key },
    },
    200,
    {
      "Content-Type": "application/activity+json; charset=utf-8",
      "Cache-Control": "max-age=180, public",
      ...varies,
    },
  );
}
