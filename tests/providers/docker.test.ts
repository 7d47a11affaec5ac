import { containerFields } from "../support/providers/docker/containerFields";
import { containerSpec } from "../support/providers/docker/containerSpec";
import { decimalCpus } from "../support/providers/docker/containerState";
import { durationFault, goDuration, nanoseconds } from "../support/providers/docker/duration";
import { pullQuery } from "../support/providers/docker/remoteImage";
import { tarOf } from "../support/providers/docker/tar";
import { planCreate, planUpdate } from "../support/providers/plan";
import type { Value } from "../support/providers/values";

test.each([
  ["2s", "2s"],
  ["60s", "1m0s"],
  ["90s", "1m30s"],
  ["1500ms", "1.5s"],
  ["1h", "1h0m0s"],
  ["250ms", "250ms"],
  ["0s", "0s"],
])("the duration %s is read back as %s", (given, read) => {
  expect(goDuration(nanoseconds(given) ?? -1)).toBe(read);
});

test.each(["", "5", "1 minute", "-2s", "s"])("%p is no duration", (given) => {
  expect(durationFault(given)).toBeDefined();
});

test.each([
  [1e9, "1.0"],
  [2e9, "2.0"],
  [5e8, "0.5"],
  [15e8, "1.5"],
  [25e7, "0.25"],
])("%d billionths of a CPU are read back as %s", (nano, read) => {
  expect(decimalCpus(nano)).toBe(read);
});

test.each([
  ["redis", "redis", "latest"],
  ["redis:7", "redis", "7"],
  ["localhost:5000/a/b", "localhost:5000/a/b", "latest"],
  ["localhost:5000/a/b:1", "localhost:5000/a/b", "1"],
  ["postgres:15@sha256:ab", "postgres", "sha256:ab"],
])("%s is pulled from %s by %s", (name, fromImage, tag) => {
  expect(pullQuery(name)).toEqual({ fromImage, tag });
});

describe("ports", () => {
  const port = (internal: number, external: number): Value => ({ internal, external });
  const read = (internal: number, external: number): Value => ({
    internal,
    external,
    ip: "0.0.0.0",
    protocol: "tcp",
  });
  const replaces = (old: Value[], now: Value[]): boolean =>
    planUpdate(
      { ports: containerFields["ports"] ?? { kind: "list" } },
      { ports: old },
      { ports: now },
    ).changes.some(({ replace }) => replace);

  test("that are sorted stay", () => {
    expect(replaces([read(80, 8080), read(443, 8443)], [port(80, 8080), port(443, 8443)])).toBe(
      false,
    );
  });
  test("that a refresh has sorted replace", () => {
    expect(replaces([read(80, 8080), read(443, 8443)], [port(443, 8443), port(80, 8080)])).toBe(
      true,
    );
  });
  test("published twice replace every time", () => {
    expect(replaces([read(80, 8081), read(80, 8080)], [port(80, 8080), port(80, 8081)])).toBe(true);
  });
  test("published elsewhere replace", () => {
    expect(replaces([read(80, 8080)], [port(80, 8081)])).toBe(true);
  });
});

describe("a container's request", () => {
  const spec = (inputs: Record<string, Value>, version = "1.41"): object =>
    containerSpec(planCreate(containerFields, { image: "i", name: "n", ...inputs }), version);

  test("has sizes in bytes and capabilities in Docker's form", () => {
    const inputs = {
      memory: 64,
      memorySwap: -1,
      cpus: "0.5",
      capabilities: { adds: ["net_admin"], drops: ["ALL"] },
    };
    expect(spec(inputs)).toMatchObject({
      HostConfig: {
        Memory: 67108864,
        MemorySwap: -1,
        NanoCpus: 5e8,
        CapAdd: ["CAP_NET_ADMIN"],
        CapDrop: ["ALL"],
        Init: false,
        NetworkMode: "bridge",
      },
    });
  });

  test("is refused where the engine is too old", () => {
    const mount = { type: "volume", source: "v", target: "/v", volumeOptions: { noCopy: true } };
    expect(() => spec({ mounts: [mount] })).toThrow("requires docker version 1.45");
    expect(() => spec({ mounts: [mount] }, "1.45")).not.toThrow();
    expect(() => spec({ healthcheck: { startInterval: "1s" } })).toThrow(
      "requires API version 1.44",
    );
  });

  test.each([[{ command: ["a", ""] }], [{ cpus: "half" }], [{ volumes: [{ readOnly: true }] }]])(
    "%j is refused",
    (inputs) => expect(() => spec(inputs)).toThrow(),
  );
});

test("an archive holds one file, in blocks of 512 bytes", () => {
  const archive = tarOf("/etc/app.conf", Buffer.from("hello"), 0o640);
  expect(archive.length).toBe(4 * 512);
  expect(archive.subarray(0, 12).toString()).toBe("etc/app.conf");
  expect(archive.subarray(100, 107).toString()).toBe("0000640");
  expect(archive.subarray(512, 517).toString()).toBe("hello");
});
