import { readdirSync } from "node:fs";
import path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { accountFaults } from "../../components/accounts";
import { findZone } from "../../components/edge/findZone";
import {
  ConfigError,
  parseConfig,
  preflight,
  readinessScript,
  zoneQuestion,
  type HostFacts,
  type Plan,
} from "../../plan";
import { explainSsh } from "../../plan/hosts/preflight";
import { capacityFaults } from "../../plan/sizing";
import { CloudflareApi } from "./cloudflare/api";
import { textOf } from "./page";
import { projectFolder } from "./projectFolder";

/**
 * What the program can say, sentence by sentence: as its functions say it where they can be asked for it, and else line by
 * line as it stands in the sources.
 */
export const sentences = async (plans: readonly Plan[]): Promise<string[]> => [
  ...ofHosts(),
  ...(await ofZones()),
  ...ofNames(),
  ...ofTokens(),
  ...plans.flatMap(ofPlan),
  ...["components/readConfig.ts", ...afterwards, ...reviews, ...unasked()].flatMap(linesOf),
];

/** What is said of what a run that was cut short has left. */
const afterwards = ["toolchain/cloudflare.mjs", "toolchain/hetzner.mjs"];

/** What is said of a change before it is made. */
const reviews = ["plan/review/sentences.ts"];

/** Of tokens that are not there, and of some that are none. */
function ofTokens(): string[] {
  const account = "0123456789abcdef0123456789abcdef";
  const needy = {
    host: { kind: "hetzner", serverType: "cx23", location: "fsn1", dataVolumeGb: 40 },
    edge: { kind: "tunnel", accountId: account, zone: "example.org" },
  };
  const before = pulumi.runtime.allConfig();
  try {
    return [{}, { "hcloud:token": "none", "cloudflare:apiToken": "none" }].flatMap((config) => {
      pulumi.runtime.setAllConfig(config);
      return accountFaults(needy).map(({ message }) => message);
    });
  } finally {
    pulumi.runtime.setAllConfig(before);
  }
}

/** Its quotation marks are those of the sentence, not of the language that it is written in. */
const linesOf = (file: string): string[] => textOf(file).replaceAll('\\"', '"').split("\n");

/** What is said by scripts that run elsewhere, of mail servers, buckets and the like. */
const unasked = (): string[] =>
  readdirSync(path.join(projectFolder, "plan"), { recursive: true, encoding: "utf8" })
    .filter((file) => /(Script|Check|Faults|Move|gateway|caddyfile|listeners)\.ts$/.test(file))
    .map((file) => `plan/${file}`);

const ofPlan = ({ host, jobs }: Plan): string[] => [
  ...(host.kind === "hetzner" ? readinessScript(host.readiness, "4711").split("\n") : []),
  ...jobs.caddyfile.script.split("\n"),
];

function ofHosts(): string[] {
  const sound: HostFacts = {
    machine: "aarch64",
    memoryMb: 4096,
    cpus: 4,
    swapMb: 2048,
    pageSize: 4096,
    boot: undefined,
    clock: 0,
    docker: {
      apiVersion: "1.51",
      version: "28.2.2",
      limitsMemory: true,
      rootFolder: "/var/lib/docker",
      freeMb: 100_000,
      device: "/dev/sda2",
    },
  };
  const docker = sound.docker;
  const bad: readonly HostFacts[] = [
    { ...sound, machine: "armv7l" },
    { ...sound, clock: 3600 },
    { ...sound, swapMb: 0 },
    { ...sound, pageSize: 16_384 },
    { ...sound, memoryMb: 1024 },
    ...["docker: not found", "permission denied", "Cannot connect to the Docker daemon"].map(
      (trouble) => ({ ...sound, docker: { trouble } }),
    ),
    ...[
      { apiVersion: "1.30" },
      { limitsMemory: false },
      { freeMb: 1 },
      { device: "/dev/mmcblk0p2" },
    ].map((change) => ({ ...sound, docker: { ...docker, ...change } })),
  ];
  const sshSays = [
    "Host key verification failed",
    "REMOTE HOST IDENTIFICATION HAS CHANGED: host key verification failed",
    "Permission denied (publickey)",
    "Could not resolve hostname",
  ];
  return [
    ...bad.flatMap((facts) => {
      const { faults, warnings } = preflight(facts, {
        architecture: "arm64",
        memoryMb: 2048,
        clock: 0,
        login: "alice@raspberrypi.local",
      });
      return [...faults.map(({ message }) => message), ...warnings];
    }),
    ...sshSays.map((text) => explainSsh(text, "alice@raspberrypi.local")),
    ...capacityFaults({ memoryMb: 1024, cpus: 1 }).map(({ message }) => message),
  ];
}

/** Of a domain that is not in the zone that the stack file names. */
function ofNames(): string[] {
  const edge = { kind: "tunnel", accountId: "0".repeat(32), zone: "example.net" };
  try {
    parseConfig({ domain: "social.example.org", edge });
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.map(({ message }) => message);
    throw error;
  }
  return [];
}

/** Of a zone in which nothing is as it should be, by a Cloudflare that plays its part. */
async function ofZones(): Promise<string[]> {
  const [domain, zone] = ["social.example.org", "example.org"];
  const api = await CloudflareApi.start({ zones: [{ name: zone, status: "pending" }] });
  const edge = { kind: "tunnel", accountId: api.account.id, zone };
  const ask = async (raw: object = {}, account: object = {}): Promise<string[]> => {
    const { faults, warnings } = await findZone(
      { domain, edge, ...raw },
      { token: api.token, baseUrl: api.url, ...account },
    );
    return [...faults.map(({ message }) => message), ...warnings];
  };
  const { settings } = api.zone(zone);
  Object.assign(settings.get("security_level") ?? {}, { value: "under_attack" });
  Object.assign(settings.get("rocket_loader") ?? {}, { value: "on", editable: false });
  Object.assign(api.zone(zone), {
    pageRules: [
      {
        id: "a".repeat(32),
        status: "active",
        priority: 1,
        targets: [{ target: "url", constraint: { operator: "matches", value: "*example.org/*" } }],
        actions: [{ id: "cache_level", value: "cache_everything" }],
      },
    ],
  });
  api.addRecord(zone, { name: "social", type: "AAAA", content: "2001:db8::1", ttl: 1 });
  api.addTunnel(zoneQuestion({ domain, edge })?.tunnel ?? "");
  try {
    const said = [
      await ask(),
      await ask({ domain: `deep.${domain}` }),
      await ask({ dns: { kind: "cloudflare", zone, replace: [domain] } }),
      await ask({ edge: { ...edge, zone: "example.net" } }),
      await ask({ edge: { ...edge, accountId: "f".repeat(32) } }),
      await ask({}, { token: "x".repeat(40) }),
      await ask({}, { baseUrl: "http://127.0.0.1:9/client/v4" }),
    ];
    api.permissions.delete("Zone Settings:Edit");
    api.permissions.delete("Page Rules:Read");
    said.push(await ask());
    api.failNext({ status: 500, times: 100, path: /dns_records/ });
    said.push(await ask());
    return said.flat();
  } finally {
    await api.close();
  }
}
