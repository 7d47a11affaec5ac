import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import {
  docker,
  engineFaults,
  EngineError,
  explain,
  inspectEngine,
  type Engine,
} from "../../components/host/engine";
import { listenersOf, type Config } from "../../plan";
import { withDockerClientDouble, withVariables, type Answer } from "../support/dockerClientDouble";

const endpoint = "unix:///run/test/docker.sock";
const infoOf = (of: string) => `--host ${of} info --format {{json .}}`;
const info = {
  MemTotal: 8_589_934_592,
  NCPU: 4,
  DockerRootDir: "/var/lib/docker",
  OSType: "linux",
  ServerVersion: "28.2.2",
  Architecture: "x86_64",
  MemoryLimit: true,
};
const printed = (value: unknown): Answer => ({ stdout: JSON.stringify(value) });
const context = "context inspect --format {{.Endpoints.docker.Host}}";

describe("the engine", () => {
  const found: Engine = {
    endpoint,
    version: "28.2.2",
    capacity: { memoryMb: 8192, cpus: 4 },
    architecture: "amd64",
    limitsMemory: true,
    rootFolder: "/var/lib/docker",
  };

  it.each([
    ["the stack file's socket", "/run/test/docker.sock", "unix:///run/other.sock", {}],
    ["the stack file's socket as a URL", endpoint, undefined, {}],
    ["DOCKER_HOST", undefined, endpoint, {}],
    ["the client's context", undefined, undefined, { [context]: { stdout: `${endpoint}\n` } }],
    [
      "the client's context where DOCKER_HOST is empty",
      undefined,
      "",
      { [context]: { stdout: `${endpoint}\n` } },
    ],
  ])("is found by %s", async (_name, socket, DOCKER_HOST, answers) => {
    await withDockerClientDouble({ ...answers, [infoOf(endpoint)]: printed(info) }, () =>
      withVariables({ DOCKER_HOST }, async () => {
        expect(await inspectEngine(socket)).toEqual(found);
      }),
    );
  });

  it.each<[string, Answer, string]>([
    [
      "Windows containers",
      printed({ ...info, OSType: "windows" }),
      `The engine at ${endpoint} runs windows containers; switch it to Linux containers.`,
    ],
    [
      "an error that an older client only prints",
      printed({ ServerErrors: [`Cannot connect to the Docker daemon at ${endpoint}.`] }),
      `No Docker engine answers at ${endpoint}`,
    ],
    [
      "another kind of engine",
      printed({ host: { memTotal: 1 } }),
      "does not answer as Docker does",
    ],
    [
      "no engine there",
      {
        ...printed({ ServerErrors: null }),
        stderr: `Cannot connect to the Docker daemon at ${endpoint}.`,
        code: 1,
      },
      `No Docker engine answers at ${endpoint}: start Docker`,
    ],
    [
      "no permission",
      { stderr: "permission denied while trying to connect to the Docker daemon socket", code: 1 },
      `You may not use the Docker engine at ${endpoint}: add yourself to its group`,
    ],
  ])("is refused with a sentence: %s", async (_name, answer, message) => {
    await withDockerClientDouble({ [infoOf(endpoint)]: answer }, async () => {
      const inspection = inspectEngine(endpoint);
      await expect(inspection).rejects.toThrow(EngineError);
      await expect(inspection).rejects.toThrow(message);
    });
  });

  it("is not looked for where there is no docker command", async () => {
    await withVariables({ PATH: "/nonexistent" }, async () => {
      await expect(inspectEngine(endpoint)).rejects.toThrow(
        "The docker command is not on the PATH: install Docker, or run `npm start`",
      );
    });
  });
});

describe("a failed call", () => {
  it.each([
    [{ code: "ENOENT" }, /not on the PATH/],
    [{ killed: true }, /did not answer within 20 seconds: restart it/],
    [{ stderr: "dial unix /x: connect: permission denied" }, /sudo usermod -aG docker/],
    [
      { stderr: "Cannot connect to the Docker daemon at x. Is the docker daemon running?" },
      /start Docker/,
    ],
    [{ stderr: "failed to connect to the docker API at unix:///x" }, /start Docker/],
    [{ stderr: "dial tcp: lookup nosuch.invalid: no such host" }, /start Docker/],
    [{ stderr: "dial tcp 192.0.2.7:2375: connect: connection refused" }, /start Docker/],
    [{ stderr: "dial tcp 192.0.2.7:2375: i/o timeout" }, /start Docker/],
    [{ stderr: "dial tcp 192.0.2.7:2375: connect: no route to host" }, /start Docker/],
    [
      { stderr: "warning\nError response from daemon: no space left\n" },
      /at there refused: Error response from daemon: no space left$/,
    ],
    [new Error("spawn docker EAGAIN"), /at there refused: Error: spawn docker EAGAIN$/],
  ])("is explained: %p", (error, message) => {
    expect(explain(error, "there")).toMatch(message);
    expect(explain(error, "there")).not.toMatch(/undefined|\[object/);
  });

  it("shows nothing of what the client was called with", async () => {
    await withDockerClientDouble({}, async () => {
      await expect(docker(endpoint, ["info"])).rejects.toThrow("the double knows no");
    });
  });
});

describe("the machine's faults", () => {
  const here: Engine = {
    endpoint,
    version: "28.2.2",
    capacity: { memoryMb: 4096, cpus: 2 },
    architecture: "amd64",
    limitsMemory: true,
    rootFolder: "/nonexistent",
  };
  const listenersAt = (edge: Config["edge"]) => listenersOf({ edge, host: { kind: "local" } });
  const publishersOf = (port: number, of = endpoint) =>
    `--host ${of} ps --filter publish=${port}/tcp --format {{.Names}}\t{{.Label "org.joinmastodon.instance"}}`;
  const faultsWith = (publishers: string, port: number, engine: Engine = here) =>
    withDockerClientDouble({ [publishersOf(port, engine.endpoint)]: { stdout: publishers } }, () =>
      engineFaults(engine, listenersAt({ kind: "local", port }), "mastodon-localhost"),
    );

  /** Listens on a free port while the work goes on. */
  async function withListener<T>(host: string, work: (port: number) => Promise<T>): Promise<T> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen({ port: 0, host }, resolve));
    try {
      return await work((server.address() as AddressInfo).port);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  }

  const freePort = (): Promise<number> =>
    withListener("127.0.0.1", (port) => Promise.resolve(port));

  it("are none where the port is free", async () => {
    expect(await faultsWith("", await freePort())).toEqual([]);
  });

  it.each(["127.0.0.1", "0.0.0.0"])("are a port that a program listens on at %s", async (host) => {
    await withListener(host, async (port) => {
      expect(await faultsWith("", port)).toEqual([
        {
          path: "edge.port",
          message: `${port} is taken by another program on this machine: stop it, or choose another port with edge: {kind: local, port: …}`,
        },
      ]);
    });
  });

  it("are a port that another container publishes", async () => {
    expect(await faultsWith("nginx\t\n", 8443)).toEqual([
      {
        path: "edge.port",
        message:
          "8443 is taken by the container nginx: stop it, or choose another port with edge: {kind: local, port: …}",
      },
    ]);
  });

  it("are a port that another instance publishes", async () => {
    const [fault] = await faultsWith("mastodon-example.org-gateway\tmastodon-example.org\n", 8443);
    expect(fault?.message).toContain("taken by the container mastodon-example.org-gateway");
  });

  it("are none where the instance itself has the port, although it is listened on", async () => {
    await withListener("127.0.0.1", async (port) => {
      expect(await faultsWith("mastodon-localhost-gateway\tmastodon-localhost\n", port)).toEqual(
        [],
      );
    });
  });

  it("say nothing of this machine's ports where the engine is on another", async () => {
    const there = { ...here, endpoint: "tcp://192.0.2.7:2375" };
    await withListener("127.0.0.1", async (port) => {
      expect(await faultsWith("", port, there)).toEqual([]);
    });
  });

  it("are not looked for at a port that is not known", async () => {
    expect(await engineFaults(here, [], undefined)).toEqual([]);
  });

  it("are a port and an address of a gateway behind a reverse proxy", async () => {
    const faultsAt = (port: number, address: string) =>
      withDockerClientDouble({ [publishersOf(port)]: { stdout: "" } }, () =>
        engineFaults(here, listenersAt({ kind: "none", port, address }), undefined),
      );
    await withListener("127.0.0.1", async (port) => {
      expect(await faultsAt(port, "127.0.0.1")).toEqual([
        {
          path: "edge.port",
          message: `${port} is taken by another program on this machine: stop it, or choose another edge.port, and tell the reverse proxy`,
        },
      ]);
    });
    expect(await faultsAt(await freePort(), "192.0.2.7")).toEqual([
      {
        path: "edge.address",
        message:
          '"192.0.2.7" is no address of this machine: write one that it has, or leave it out to be reached from this machine alone',
      },
    ]);
  });

  const there = "tcp://192.0.2.7:2375";
  const publishersAt = (port: string, stdout: string): [string, Answer] => [
    `--host ${there} ps --filter publish=${port} --format {{.Names}}\t{{.Label "org.joinmastodon.instance"}}`,
    { stdout },
  ];

  it("are both public ports, of either protocol, that others have", async () => {
    const doubles = Object.fromEntries([
      publishersAt("80/tcp", "nginx\t\n"),
      publishersAt("443/tcp", "mastodon-localhost-gateway\tmastodon-localhost\n"),
      publishersAt("443/udp", "quic\t\n"),
    ]);
    const faults = await withDockerClientDouble(doubles, () =>
      engineFaults(
        { ...here, endpoint: there },
        listenersAt({ kind: "caddy", email: "owner@example.org" }),
        "mastodon-localhost",
      ),
    );
    expect(faults.map(({ path }) => path)).toEqual(["edge.kind", "edge.kind"]);
    expect(faults[0]?.message).toContain("80 is taken by the container nginx: stop it");
    expect(faults[1]?.message).toContain("443 (UDP) is taken by the container quic: stop it");
  });

  describe("that is to be reached by IPv6", () => {
    const listeners = listenersAt({ kind: "caddy", email: "owner@example.org", ipv6: true });
    const faultsAt = (version: string, publishers = "") =>
      withDockerClientDouble(
        Object.fromEntries(
          ["80/tcp", "443/tcp", "443/udp"].map((port) => publishersAt(port, publishers)),
        ),
        () => engineFaults({ ...here, endpoint: there, version }, listeners, undefined),
      );

    it("are an engine that gives containers no such address by itself", async () => {
      expect(await faultsAt("26.1.5+dfsg1")).toEqual([
        {
          path: "edge.ipv6",
          message:
            "true needs Docker 27 or newer on the host, which has 26.1.5+dfsg1; upgrade it, or leave ipv6 out",
        },
      ]);
      expect(await faultsAt("27.0.1")).toEqual([]);
    });

    it("are none of a gateway that is published at one such address, which any engine can do", async () => {
      const port = await freePort();
      const faults = await withDockerClientDouble({ [publishersOf(port)]: { stdout: "" } }, () =>
        engineFaults(here, listenersAt({ kind: "none", port, address: "::1" }), undefined),
      );
      expect(faults).toEqual([]);
    });

    it("are told once, though a port is taken at both kinds of address", async () => {
      const faults = await faultsAt("28.2.2", "nginx\t\n");
      expect(faults.map(({ message }) => message.split(":")[0])).toEqual([
        "80 is taken by the container nginx",
        "443 is taken by the container nginx",
        "443 (UDP) is taken by the container nginx",
      ]);
    });

    it("are a port that a program listens on by IPv6 alone", async () => {
      const free = await freePort();
      const [listener] = listeners;
      if (listener === undefined) throw new Error("nothing listens");
      const faultsOn = (port: number) =>
        withDockerClientDouble({ [publishersOf(port)]: { stdout: "" } }, () =>
          engineFaults(here, [{ ...listener, port }], undefined),
        );
      expect(await faultsOn(free)).toEqual([]);
      await withListener("::1", async (port) => {
        expect((await faultsOn(port)).map(({ message }) => message)).toEqual([
          expect.stringContaining(`${port} is taken by another program on this machine`),
        ]);
      });
    });
  });

  it("are none where visitors come in through a tunnel", async () => {
    const edge = { kind: "tunnel", accountId: "0a".repeat(16), zone: "example.org" } as const;
    expect(await engineFaults(here, listenersAt(edge), undefined)).toEqual([]);
  });

  // Linux' /proc is a file system without any room.
  (process.platform === "linux" ? it : it.skip)("are a full disk", async () => {
    expect(await engineFaults({ ...here, rootFolder: "/proc" }, [], undefined)).toEqual([
      {
        path: "host",
        message:
          "has only 0 MB free at /proc, where Docker keeps its data: an instance needs 3072 MB; free some, for example with `docker image prune`",
      },
    ]);
  });
});
