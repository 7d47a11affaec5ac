import type { Fields, Property } from "../schema";
import { isObject, type Value } from "../values";
import { durationFault } from "./duration";
import { labels } from "./labels";

const text: Property = { kind: "string" };
const fixedText: Property = { kind: "string", forceNew: true };
const filledText: Property = { ...fixedText, computed: true };
const requiredText: Property = { ...fixedText, required: true };
const fixedFlag: Property = { kind: "bool", forceNew: true };
const fixedMap: Property = { kind: "map", forceNew: true };
const fixedSet: Property = { kind: "set", forceNew: true };
const filledList: Property = { kind: "list", forceNew: true, computed: true };
const notOffered: Property = { kind: "any", unsupported: true };

const atLeast = (least: number) => (value: number) =>
  value < least ? `'${value}' cannot be lower than ${least}` : undefined;
const matching = (pattern: RegExp) => (value: string) =>
  pattern.test(value) ? undefined : `'${value}' doesn't match the pattern '${pattern.source}'`;

const amount: Property = { kind: "int", fault: atLeast(0) };
const duration: Property = { kind: "string", default: "0s", fault: durationFault };
/** Docker fills in the image's own, so an empty one is taken for that. */
const emptyIsImages = (_old: Value | undefined, now: Value | undefined): boolean =>
  now === undefined || now === "";

/**
 * `docker.Container`: what each property is, and whether its change replaces the container. Mind that a nested property
 * answers for itself: in `mounts` only `tmpfsOptions` and the number of mounts replace, and what neither replaces nor is
 * among the few that an update applies (see `container`) is noted in the state and not done.
 */
export const containerFields: Fields = {
  attach: { kind: "bool", default: false },
  capabilities: {
    kind: "object",
    setBehind: true,
    forceNew: true,
    fields: { adds: fixedSet, drops: fixedSet },
  },
  cgroupParent: fixedText,
  cgroupnsMode: fixedText,
  command: filledList,
  containerReadRefreshTimeoutMilliseconds: { kind: "int", default: 15000 },
  cpuPeriod: amount,
  cpuQuota: amount,
  cpuSet: { ...text, fault: matching(/^\d+([,-]\d+)*$/) },
  cpuShares: amount,
  cpus: fixedText,
  destroyGraceSeconds: { kind: "int" },
  deviceCgroupRules: notOffered,
  deviceReadBps: notOffered,
  deviceReadIops: notOffered,
  deviceRequests: notOffered,
  deviceWriteBps: notOffered,
  deviceWriteIops: notOffered,
  devices: {
    ...fixedSet,
    fields: {
      hostPath: requiredText,
      containerPath: fixedText,
      permissions: { ...fixedText, default: "rwm" },
    },
  },
  dns: fixedSet,
  dnsOpts: fixedSet,
  dnsSearches: fixedSet,
  domainname: fixedText,
  entrypoints: filledList,
  envs: { ...fixedSet, computed: true },
  gpus: notOffered,
  groupAdds: fixedSet,
  healthcheck: {
    kind: "object",
    computed: true,
    fields: {
      tests: { kind: "list" },
      interval: duration,
      timeout: duration,
      startPeriod: duration,
      startInterval: duration,
      retries: { kind: "int", default: 0, fault: atLeast(0) },
    },
  },
  hostname: filledText,
  hosts: { ...fixedSet, fields: { host: requiredText, ip: requiredText } },
  image: requiredText,
  init: { kind: "bool", computed: true },
  ipcMode: filledText,
  labels: { ...labels, computed: true },
  logDriver: filledText,
  logOpts: fixedMap,
  logs: { kind: "bool", default: false },
  maxRetryCount: { kind: "int" },
  memory: amount,
  memoryReservation: { ...amount, default: 0 },
  memorySwap: { kind: "int", fault: atLeast(-1) },
  mounts: {
    ...fixedSet,
    fields: {
      target: { ...text, required: true },
      source: text,
      type: { ...text, required: true, fault: matching(/^(bind|volume|tmpfs)$/) },
      readOnly: { kind: "bool" },
      bindOptions: {
        kind: "object",
        fields: {
          propagation: {
            ...text,
            fault: matching(/^(private|rprivate|shared|rshared|slave|rslave)$/),
          },
        },
      },
      volumeOptions: {
        kind: "object",
        fields: {
          noCopy: { kind: "bool" },
          labels,
          driverName: text,
          driverOptions: { kind: "map" },
          subpath: fixedText,
        },
      },
      tmpfsOptions: {
        kind: "object",
        forceNew: true,
        fields: { sizeBytes: { kind: "int" }, mode: { kind: "int" } },
      },
    },
  },
  mustRun: { kind: "bool", default: true },
  name: fixedText,
  networkMode: { ...fixedText, default: "bridge" },
  networksAdvanced: {
    ...fixedSet,
    fields: {
      name: requiredText,
      aliases: fixedSet,
      driverOpts: fixedSet,
      gwPriority: { kind: "int", forceNew: true, fault: atLeast(0) },
      ipv4Address: fixedText,
      ipv6Address: fixedText,
      linkLocalIps: fixedSet,
      macAddress: fixedText,
    },
  },
  pidMode: fixedText,
  platform: { ...filledText, unsupported: true },
  ports: {
    kind: "list",
    forceNew: true,
    overlooked: isSamePorts,
    fields: {
      internal: { kind: "int", required: true, forceNew: true },
      external: { kind: "int", forceNew: true, computed: true },
      ip: { ...fixedText, default: "0.0.0.0" },
      protocol: { ...fixedText, default: "tcp" },
    },
  },
  privileged: fixedFlag,
  publishAllPorts: fixedFlag,
  readOnly: { ...fixedFlag, default: false },
  removeVolumes: { kind: "bool", default: true },
  restart: { ...text, default: "no", fault: matching(/^(no|on-failure|always|unless-stopped)$/) },
  rm: { kind: "bool", default: false },
  runtime: filledText,
  securityOpts: { ...fixedSet, computed: true },
  shmSize: { kind: "int", forceNew: true, computed: true, fault: atLeast(0) },
  start: { kind: "bool", default: true },
  stdinOpen: { ...fixedFlag, default: false },
  stopSignal: filledText,
  stopTimeout: { kind: "int", forceNew: true, computed: true },
  storageOpts: fixedMap,
  sysctls: fixedMap,
  tmpfs: { kind: "map" },
  tty: { ...fixedFlag, default: false },
  ulimits: {
    ...fixedSet,
    fields: {
      name: requiredText,
      hard: { kind: "int", required: true, forceNew: true },
      soft: { kind: "int", required: true, forceNew: true },
    },
  },
  uploads: {
    ...fixedSet,
    fields: {
      file: requiredText,
      content: fixedText,
      contentBase64: { ...fixedText, fault: base64Fault },
      executable: { ...fixedFlag, default: false },
      group: { ...fixedText, unsupported: true },
      owner: { ...fixedText, unsupported: true },
      permissions: { ...fixedText, fault: matching(/^0[0-7]{3}$/) },
      source: fixedText,
      sourceHash: fixedText,
    },
  },
  user: { ...fixedText, overlooked: emptyIsImages },
  usernsMode: fixedText,
  volumes: {
    ...fixedSet,
    fields: {
      containerPath: fixedText,
      fromContainer: fixedText,
      hostPath: { ...fixedText, fault: matching(/^[a-zA-Z]:\\|^\//) },
      readOnly: fixedFlag,
      selinuxRelabel: { ...fixedText, fault: matching(/^(z|Z)$/) },
      volumeName: fixedText,
    },
  },
  wait: { kind: "bool", default: false },
  waitTimeout: { kind: "int", default: 60 },
  workingDir: { ...fixedText, overlooked: emptyIsImages },
  bridge: { kind: "string", output: true },
  containerLogs: { kind: "string", output: true },
  exitCode: { kind: "int", output: true },
  networkDatas: { kind: "list", output: true },
};

/**
 * The original compares each former port with the first present one of the same number, and finds fault with two
 * publications of one port; ports that a refresh has sorted, too, differ from unsorted ones.
 */
function isSamePorts(old: Value | undefined, now: Value | undefined): boolean {
  if (!Array.isArray(old) || !Array.isArray(now) || old.length !== now.length) return false;
  const filled = (port: Value | undefined): Record<string, Value> => ({
    ip: "0.0.0.0",
    protocol: "tcp",
    ...(isObject(port) ? port : {}),
  });
  return old.every((port, index) => {
    const before = filled(port);
    if (filled(now[index])["internal"] !== before["internal"]) return false;
    const first = now.map(filled).find(({ internal }) => internal === before["internal"]);
    if (first?.["protocol"] !== before["protocol"]) {
      return now
        .map(filled)
        .some(
          (other) =>
            other["internal"] === before["internal"] && other["protocol"] === before["protocol"],
        );
    }
    const sameExternal =
      first?.["external"] === undefined || first["external"] === before["external"];
    return sameExternal && first?.["ip"] === before["ip"];
  });
}

function base64Fault(value: string): string | undefined {
  return /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value)
    ? undefined
    : "it is not base64-encoded";
}
