import { defined, text, type Value, type Values } from "../values";
import { goDuration } from "./duration";
import { labelList } from "./labels";

const mebibyte = 1024 * 1024;

/** What `docker inspect` tells of a container, as far as the provider reads it. */
export interface Inspected {
  Id: string;
  Name: string;
  Image: string;
  Platform?: string;
  State: { Running: boolean; ExitCode: number; Health?: { Status: string } };
  Config: {
    Image: string;
    Hostname: string;
    Domainname: string;
    Cmd: string[] | null;
    Entrypoint: string[] | null;
    User: string;
    WorkingDir: string;
    Tty: boolean;
    OpenStdin: boolean;
    StopSignal?: string;
    StopTimeout?: number;
    Healthcheck?: {
      Test?: string[];
      Interval?: number;
      Timeout?: number;
      StartPeriod?: number;
      StartInterval?: number;
      Retries?: number;
    };
  };
  HostConfig: {
    AutoRemove: boolean;
    ReadonlyRootfs: boolean;
    Dns: string[] | null;
    DnsOptions: string[] | null;
    DnsSearch: string[] | null;
    SecurityOpt: string[] | null;
    PublishAllPorts: boolean;
    RestartPolicy: { Name: string; MaximumRetryCount: number };
    Init: boolean | null;
    CapAdd: string[] | null;
    CapDrop: string[] | null;
    Runtime: string;
    Mounts?: Mount[] | null;
    Tmpfs?: Record<string, string> | null;
    ExtraHosts: string[] | null;
    Ulimits: { Name: string; Soft: number; Hard: number }[] | null;
    Privileged: boolean;
    Devices: { PathOnHost: string; PathInContainer: string; CgroupPermissions: string }[] | null;
    Memory: number;
    MemoryReservation: number;
    MemorySwap: number;
    ShmSize: number;
    NanoCpus: number;
    CpuShares: number;
    CpusetCpus: string;
    LogConfig: { Type: string; Config: Record<string, string> | null };
    StorageOpt?: Record<string, string> | null;
    NetworkMode: string;
    PidMode: string;
    UsernsMode: string;
    Sysctls?: Record<string, string> | null;
    IpcMode: string;
    GroupAdd: string[] | null;
  };
  NetworkSettings: {
    Bridge: string;
    Ports: Record<string, { HostIp: string; HostPort: string }[] | null> | null;
    Networks: Record<string, Endpoint> | null;
  };
}

interface Mount {
  Type: string;
  Source?: string;
  Target: string;
  ReadOnly?: boolean;
  BindOptions?: { Propagation?: string };
  VolumeOptions?: {
    NoCopy?: boolean;
    Labels?: Record<string, string>;
    DriverConfig?: { Name?: string; Options?: Record<string, string> };
    Subpath?: string;
  };
  TmpfsOptions?: { SizeBytes?: number; Mode?: number };
}

interface Endpoint {
  IPAddress: string;
  IPPrefixLen: number;
  Gateway: string;
  GlobalIPv6Address: string;
  GlobalIPv6PrefixLen: number;
  IPv6Gateway: string;
  MacAddress: string;
}

/**
 * The state after a read.
 * @param before what was planned or known: what is not read from the engine (`envs`, `labels`, `uploads`, `volumes`,
 *   `networksAdvanced`, `attach`, `logs`, `start`, `wait`, …) stays as it was, so no change of it is ever noticed
 */
export function containerState(found: Inspected, before: Values): Values {
  const { Config: config, HostConfig: host, NetworkSettings: network, State: run } = found;
  const asked = (key: string): boolean => {
    const value = before[key];
    return (
      value !== undefined &&
      value !== "" &&
      JSON.stringify(value) !== "[]" &&
      JSON.stringify(value) !== "{}"
    );
  };
  const mustRun = before["mustRun"] === true;
  return defined({
    ...before,
    bridge: network.Bridge,
    networkDatas: networksOf(network.Networks ?? {}),
    ...(asked("ports") && (run.Running || mustRun) ? { ports: portsOf(network.Ports ?? {}) } : {}),
    ...(run.Running ? {} : { exitCode: run.ExitCode, mustRun: false }),
    name: found.Name.replace(/^\/+/, ""),
    rm: host.AutoRemove,
    readOnly: host.ReadonlyRootfs,
    image: text(before["image"]).startsWith("sha256:") ? found.Image : config.Image,
    hostname: config.Hostname,
    domainname: config.Domainname,
    command: config.Cmd ?? [],
    entrypoints: config.Entrypoint ?? [],
    user: config.User,
    dns: host.Dns ?? [],
    dnsOpts: host.DnsOptions ?? [],
    dnsSearches: host.DnsSearch ?? [],
    securityOpts: host.SecurityOpt ?? [],
    publishAllPorts: host.PublishAllPorts,
    restart: host.RestartPolicy.Name,
    maxRetryCount: host.RestartPolicy.MaximumRetryCount,
    init: host.Init ?? false,
    workingDir: config.WorkingDir,
    ...capabilitiesOf(host.CapAdd ?? [], host.CapDrop ?? []),
    runtime: host.Runtime,
    platform: found.Platform,
    mounts: (host.Mounts ?? []).map(mountOf),
    tmpfs: host.Tmpfs ?? {},
    hosts: (host.ExtraHosts ?? []).map((entry) => {
      const [name = "", address = ""] = entry.split(":");
      return { host: name, ip: address };
    }),
    ...(asked("ulimits")
      ? {
          ulimits: (host.Ulimits ?? []).map(({ Name, Soft, Hard }) => ({
            name: Name,
            soft: Soft,
            hard: Hard,
          })),
        }
      : {}),
    privileged: host.Privileged,
    ...(asked("devices") ? { devices: devicesOf(host.Devices ?? [], before["devices"]) } : {}),
    memory: Math.trunc(host.Memory / mebibyte),
    memoryReservation: Math.trunc(host.MemoryReservation / mebibyte),
    memorySwap: host.MemorySwap > 0 ? Math.trunc(host.MemorySwap / mebibyte) : host.MemorySwap,
    shmSize: Math.trunc(host.ShmSize / mebibyte),
    ...(host.NanoCpus > 0 ? { cpus: decimalCpus(host.NanoCpus) } : {}),
    cpuShares: host.CpuShares,
    cpuSet: host.CpusetCpus,
    logDriver: host.LogConfig.Type,
    logOpts: asked("logOpts") ? host.LogConfig.Config : {},
    storageOpts: host.StorageOpt ?? {},
    networkMode: host.NetworkMode,
    ...(asked("pidMode") ? { pidMode: host.PidMode } : {}),
    usernsMode: host.UsernsMode,
    ...healthcheckOf(config.Healthcheck),
    sysctls: host.Sysctls ?? {},
    ipcMode: host.IpcMode,
    groupAdds: host.GroupAdd ?? [],
    tty: config.Tty,
    stdinOpen: config.OpenStdin,
    stopSignal: config.StopSignal ?? "",
    stopTimeout: config.StopTimeout ?? 0,
  });
}

/** CPUs as the provider writes them, with its flaws: 1 is `1.0`, 10 is `10.`. */
export function decimalCpus(nano: number): string {
  const decimal = (nano / 1e9).toFixed(9);
  const zeros = decimal.split("0").length - 1;
  return zeros === 9 ? (nano / 1e9).toFixed(1) : decimal.replace(/0+$/, "");
}

function capabilitiesOf(adds: string[], drops: string[]): Values {
  return adds.length > 0 || drops.length > 0 ? { capabilities: { adds, drops } } : {};
}

function healthcheckOf(found: Inspected["Config"]["Healthcheck"]): Values {
  if (!found) return {};
  return {
    healthcheck: {
      tests: found.Test ?? [],
      interval: goDuration(found.Interval ?? 0),
      timeout: goDuration(found.Timeout ?? 0),
      startPeriod: goDuration(found.StartPeriod ?? 0),
      startInterval: goDuration(found.StartInterval ?? 0),
      retries: found.Retries ?? 0,
    },
  };
}

function mountOf(mount: Mount): Value {
  const { BindOptions: bind, VolumeOptions: volume, TmpfsOptions: tmpfs } = mount;
  return defined({
    target: mount.Target,
    source: mount.Source ?? "",
    type: mount.Type,
    readOnly: mount.ReadOnly ?? false,
    bindOptions: bind && { propagation: bind.Propagation ?? "" },
    volumeOptions:
      volume &&
      defined({
        noCopy: volume.NoCopy ?? false,
        labels: labelList(volume.Labels),
        driverName: volume.DriverConfig?.Name,
        driverOptions: volume.DriverConfig?.Options,
        subpath: volume.Subpath,
      }),
    tmpfsOptions: tmpfs && { sizeBytes: tmpfs.SizeBytes ?? 0, mode: tmpfs.Mode ?? 0 },
  });
}

function portsOf(found: NonNullable<Inspected["NetworkSettings"]["Ports"]>): Value[] {
  const keys = Object.keys(found).sort((a, b) => parseInt(a, 10) - parseInt(b, 10));
  return keys.flatMap((key) => {
    const [internal, protocol = "tcp"] = key.split("/");
    return (found[key] ?? []).map(({ HostIp, HostPort }) => ({
      internal: Number(internal),
      external: Number(HostPort),
      ip: HostIp,
      protocol,
    }));
  });
}

function devicesOf(
  found: NonNullable<Inspected["HostConfig"]["Devices"]>,
  configured: Value | undefined,
): Value[] {
  const withPath = new Set(
    (Array.isArray(configured)
      ? (configured as { hostPath: string; containerPath?: string }[])
      : []
    )
      .filter(({ containerPath }) => containerPath)
      .map(({ hostPath }) => hostPath),
  );
  return found.map(({ PathOnHost, PathInContainer, CgroupPermissions }) =>
    defined({
      hostPath: PathOnHost,
      permissions: CgroupPermissions,
      containerPath: withPath.has(PathOnHost) ? PathInContainer : undefined,
    }),
  );
}

function networksOf(found: Record<string, Endpoint>): Value[] {
  return Object.entries(found).map(([name, endpoint]) => ({
    networkName: name,
    ipAddress: endpoint.IPAddress,
    ipPrefixLength: endpoint.IPPrefixLen,
    gateway: endpoint.Gateway,
    globalIpv6Address: endpoint.GlobalIPv6Address,
    globalIpv6PrefixLength: endpoint.GlobalIPv6PrefixLen,
    ipv6Gateway: endpoint.IPv6Gateway,
    macAddress: endpoint.MacAddress,
  }));
}
