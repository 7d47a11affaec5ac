import { makePlan } from "../../plan";
import { caddyfile } from "../../plan/gateway";
import { configWith, fullest } from "../support/fixtures";

it("is configured as it was reviewed", () => {
  expect(caddyfile(configWith())).toMatchSnapshot();
});

it("answers to both names where web pages have one of their own", () => {
  expect(caddyfile(configWith(fullest))).toContain(
    "https://example.org:9443, https://social.example.org:9443 {",
  );
});

it("has balanced braces, tabs, and no blank where a line ends", () => {
  const text = caddyfile(configWith(fullest));
  expect(text.split("{").length).toBe(text.split("}").length);
  expect(text).not.toMatch(/[ \t]\n|^ |\n\n\n/m);
  expect(text.endsWith("}\n")).toBe(true);
});

it.each([2020, 2021, 3000, 4000, 443])(
  "asks its health at a port of its own beside port %i",
  (port) => {
    const config = configWith({ edge: { kind: "local", port } });
    const { health } = makePlan(config).containers.gateway;
    const asked = new URL(health.test.at(-1) ?? "");

    expect(asked.port).not.toBe(String(port));
    expect(caddyfile(config)).toContain(`http://${asked.host} {`);
  },
);

it("passes on what comes in, and hides where it came from from nobody", () => {
  // Caddy sets X-Forwarded-For, -Proto and -Host by itself; a header_up would be a reason to look again.
  expect(caddyfile(configWith(fullest))).not.toMatch(/header_up|trusted_proxies/);
});
