import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Pool } from "pg";
import { CommandError } from "../support/standin/commandError";
import { deploySearch } from "../support/standin/search";

/** What was asked, in order: `PUT /accounts`, with its `Authorization`. */
let asked: [question: string, authorization: string | undefined][] = [];
let present: readonly string[] = [];
let server: Server;

beforeEach(async () => {
  asked = [];
  present = [];
  server = createServer((request, response) => {
    const question = `${request.method ?? ""} ${request.url ?? ""}`;
    asked.push([question, request.headers.authorization]);
    const isMissing = request.method === "HEAD" && !present.includes(request.url ?? "");
    request.resume().on("end", () => response.writeHead(isMissing ? 404 : 200).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

// One that is closed already says so, which is as good.
afterEach(() => new Promise((resolve) => server.close(resolve)));

const pool = {
  query: (sql: string) =>
    Promise.resolve({ rows: sql.includes("accounts") ? [{ id: "1", username: "alice" }] : [] }),
} as unknown as Pool;

const env = (): Record<string, string> => ({
  ES_ENABLED: "true",
  ES_HOST: "127.0.0.1",
  ES_PORT: String((server.address() as AddressInfo).port),
});

test("makes each index that is missing, and fills those for which there is something", async () => {
  present = ["/tags"];
  expect(await deploySearch(env(), pool)).toBe(1);
  expect(asked.map(([question]) => question)).toEqual([
    "HEAD /instances",
    "PUT /instances",
    "HEAD /accounts",
    "PUT /accounts",
    "POST /_bulk",
    "HEAD /tags",
    "HEAD /public_statuses",
    "PUT /public_statuses",
    "HEAD /statuses",
    "PUT /statuses",
  ]);
});

test("signs in, and names indices as it is told", async () => {
  await deploySearch({ ...env(), ES_USER: "elastic", ES_PASS: "p", ES_PREFIX: "trial" }, pool);
  expect(asked[0]).toEqual(["HEAD /trial_instances", "Basic ZWxhc3RpYzpw"]);
});

test("refuses where search is off, and where nobody answers", async () => {
  await expect(deploySearch({ ...env(), ES_ENABLED: "yes" }, pool)).rejects.toThrow(CommandError);
  const gone = env();
  await new Promise((resolve) => server.close(resolve));
  await expect(deploySearch(gone, pool)).rejects.toThrow(
    /issue connecting to the search server[^]*ECONNREFUSED/,
  );
});
