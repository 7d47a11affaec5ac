import { guard } from "../support/standin/guard";

const hosts = ["example.org", "web.example.org:8443"];
const secure = { "x-forwarded-proto": "https" };

test.each([
  ["example.org", "/", secure],
  ["EXAMPLE.org:8443", "/", secure],
  ["web.example.org:8443", "/", secure],
  ["10.0.0.1:3000", "/health", {}],
])("lets %s through to %s", (host, target, headers) => {
  expect(guard({ method: "GET", target, headers: { host, ...headers } }, hosts)).toBeUndefined();
});

test.each([
  ["a foreign host", "/", { host: "localhost:3000", ...secure }],
  ["a host without the port that is its own", "/", { host: "web.example.org", ...secure }],
  ["a foreign forwarded host", "/", { host: "example.org", "x-forwarded-host": "a", ...secure }],
  ["a longer health path", "/health/deep", { host: "10.0.0.1", ...secure }],
])("blocks %s", (_, target, headers) => {
  expect(guard({ method: "GET", target, headers }, hosts)?.status).toBe(403);
});

test("redirects plain http to https, without the port", () => {
  const reply = guard(
    { method: "GET", target: "/a?b=c", headers: { host: "example.org:80" } },
    hosts,
  );
  expect(reply).toMatchObject({ status: 301, headers: { Location: "https://example.org/a?b=c" } });
  const post = guard({ method: "POST", target: "/", headers: { host: "example.org" } }, hosts);
  expect(post?.status).toBe(308);
});
