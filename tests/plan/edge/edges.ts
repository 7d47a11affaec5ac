/** A certificate by its shape alone. */
export const certificate = (body: string): string =>
  `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`;

const domain = "social.example.org";

/** One configuration for each kind of edge, the smallest that there is. */
export const edges = {
  local: { edge: { kind: "local", port: 8443 } },
  caddy: { domain, edge: { kind: "caddy", email: "owner@mastodon.social" } },
  tunnel: {
    domain,
    edge: { kind: "tunnel", accountId: "0123456789abcdef0123456789abcdef", zone: "example.org" },
  },
  none: {
    domain,
    edge: { kind: "none", port: 3000, trustedProxies: ["198.51.100.7", "2001:db8::/32"] },
  },
} as const;

export const everyEdge = Object.entries(edges);
