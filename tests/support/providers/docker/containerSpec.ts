import { blocks, isObject, number, strings, text, type Value, type Values } from "../values";
import { isOlder } from "./engine";
import { nanoseconds } from "./duration";
import { labelMap } from "./labels";

const mebibyte = 1024 * 1024;

/**
 * The body of the API's create request.
 * @param version the API version in use
 * @throws when the engine is too old for something asked for
 */
export function containerSpec(planned: Values, version: string): object {
  const { ports, bindings } = portsOf(blocks(planned["ports"]));
  const { binds, volumes, volumesFrom } = volumesOf(blocks(planned["volumes"]));
  const securityOpts = strings(planned["securityOpts"]);
  const unconfined = securityOpts.includes("systempaths=unconfined");
  const capabilities = isObject(planned["capabilities"]) ? planned["capabilities"] : {};
  const command = strings(planned["command"]);
  if (command.includes("")) throw new Error("values for command may not be empty");
  return {
    Image: planned["image"],
    Hostname: text(planned["hostname"]),
    Domainname: text(planned["domainname"]),
    Tty: planned["tty"],
    OpenStdin: planned["stdinOpen"],
    StopSignal: planned["stopSignal"],
    StopTimeout: planned["stopTimeout"] || undefined,
    Env: some(strings(planned["envs"])),
    Cmd: some(command),
    Entrypoint: some(strings(planned["entrypoints"])),
    User: text(planned["user"]),
    WorkingDir: text(planned["workingDir"]),
    ExposedPorts: ports,
    Volumes: volumes,
    Labels: labelMap(planned["labels"]),
    Healthcheck: healthcheckOf(planned["healthcheck"], version),
    HostConfig: {
      Privileged: planned["privileged"] === true,
      PublishAllPorts: planned["publishAllPorts"] === true,
      RestartPolicy: {
        Name: planned["restart"],
        MaximumRetryCount: number(planned["maxRetryCount"]),
      },
      Runtime: text(planned["runtime"]),
      Mounts: blocks(planned["mounts"]).map((mount) => mountOf(mount, version)),
      AutoRemove: planned["rm"],
      ReadonlyRootfs: planned["readOnly"],
      LogConfig: { Type: text(planned["logDriver"]), Config: planned["logOpts"] ?? {} },
      Tmpfs: planned["tmpfs"],
      PortBindings: bindings,
      ExtraHosts: blocks(planned["hosts"]).map(({ host, ip }) => `${text(host)}:${text(ip)}`),
      Binds: binds,
      VolumesFrom: volumesFrom,
      Ulimits: blocks(planned["ulimits"]).map(({ name, soft, hard }) => ({
        Name: name,
        Soft: soft,
        Hard: hard,
      })),
      CapAdd: capabilitiesOf(capabilities["adds"]),
      CapDrop: capabilitiesOf(capabilities["drops"]),
      Devices: blocks(planned["devices"]).map(({ hostPath, containerPath, permissions }) => ({
        PathOnHost: hostPath,
        PathInContainer: containerPath || hostPath,
        CgroupPermissions: permissions ?? "rwm",
      })),
      Dns: strings(planned["dns"]),
      DnsOptions: strings(planned["dnsOpts"]),
      DnsSearch: strings(planned["dnsSearches"]),
      SecurityOpt: securityOpts.filter((option) => option !== "systempaths=unconfined"),
      ...(unconfined ? { MaskedPaths: [], ReadonlyPaths: [] } : {}),
      Memory: number(planned["memory"]) * mebibyte,
      MemoryReservation: number(planned["memoryReservation"]) * mebibyte,
      MemorySwap: swapBytes(planned["memorySwap"]),
      ShmSize: number(planned["shmSize"]) * mebibyte || undefined,
      ...cpusOf(planned),
      CpuShares: number(planned["cpuShares"]),
      CpusetCpus: text(planned["cpuSet"]),
      NetworkMode: planned["networkMode"],
      UsernsMode: text(planned["usernsMode"]),
      PidMode: text(planned["pidMode"]),
      Sysctls: planned["sysctls"],
      IpcMode: text(planned["ipcMode"]),
      GroupAdd: strings(planned["groupAdds"]),
      CgroupnsMode: text(planned["cgroupnsMode"]),
      CgroupParent: text(planned["cgroupParent"]),
      Init: planned["init"] === true,
      StorageOpt: planned["storageOpts"],
    },
    NetworkingConfig: {},
  };
}

/** The body of the request that attaches a container to one of its `networksAdvanced`. */
export function endpointSpec(network: Values, container: string): object {
  const options = strings(network["driverOpts"]).map(
    (option) => /^([^=]*)=(.*)$/s.exec(option) ?? [],
  );
  return {
    Container: container,
    EndpointConfig: {
      Aliases: strings(network["aliases"]),
      IPAMConfig: {
        IPv4Address: text(network["ipv4Address"]),
        IPv6Address: text(network["ipv6Address"]),
        LinkLocalIPs: strings(network["linkLocalIps"]),
      },
      MacAddress: text(network["macAddress"]),
      DriverOpts: Object.fromEntries(options.map(([, key = "", value = ""]) => [key, value])),
      GwPriority: number(network["gwPriority"]) || undefined,
    },
  };
}

/** The body of the API's update request: all that can be changed of a container that is there. */
export function updateSpec(planned: Values): object {
  return {
    CpuShares: number(planned["cpuShares"]),
    CpusetCpus: text(planned["cpuSet"]),
    Memory: number(planned["memory"]) * mebibyte,
    MemoryReservation: number(planned["memoryReservation"]) * mebibyte,
    MemorySwap: swapBytes(planned["memorySwap"]),
    RestartPolicy: {
      Name: planned["restart"],
      MaximumRetryCount: number(planned["maxRetryCount"]),
    },
  };
}

function some(list: string[]): string[] | undefined {
  return list.length > 0 ? list : undefined;
}

function swapBytes(swap: Value | undefined): number {
  return number(swap) > 0 ? number(swap) * mebibyte : number(swap);
}

function cpusOf(planned: Values): object {
  const cpus = text(planned["cpus"]);
  if (cpus === "")
    return { CpuPeriod: number(planned["cpuPeriod"]), CpuQuota: number(planned["cpuQuota"]) };
  if (!/^\d+(\.\d*)?$|^\.\d+$/.test(cpus))
    throw new Error(`Error setting cpus: failed to parse ${cpus} as a rational number`);
  const nano = Number(cpus) * 1e9;
  if (!Number.isInteger(nano)) throw new Error("Error setting cpus: value is too precise");
  return { NanoCpus: nano };
}

/** Docker's client writes capabilities in one way and in order, whatever the engine's age. */
function capabilitiesOf(list: Value | undefined): string[] {
  const names = strings(list).map((name) => name.trim().toUpperCase());
  if (names.includes("ALL")) return ["ALL"];
  return [...new Set(names.map((name) => (name.startsWith("CAP_") ? name : `CAP_${name}`)))].sort();
}

function healthcheckOf(value: Value | undefined, version: string): object | undefined {
  if (!isObject(value)) return undefined;
  const startInterval = nanoseconds(text(value["startInterval"])) ?? 0;
  if (startInterval !== 0 && isOlder(version, "1.44")) {
    throw new Error(
      `Unable to create container: "specify health-check start interval" requires API version 1.44, but the Docker daemon ` +
        `API version is ${version}`,
    );
  }
  return {
    Test: strings(value["tests"]),
    Interval: nanoseconds(text(value["interval"])) ?? 0,
    Timeout: nanoseconds(text(value["timeout"])) ?? 0,
    StartPeriod: nanoseconds(text(value["startPeriod"])) ?? 0,
    StartInterval: startInterval || undefined,
    Retries: number(value["retries"]),
  };
}

function mountOf(mount: Values, version: string): object {
  const { bindOptions, volumeOptions, tmpfsOptions } = mount;
  const spec = {
    Type: mount["type"],
    Target: mount["target"],
    Source: text(mount["source"]),
    ReadOnly: mount["readOnly"] === true,
  };
  if (mount["type"] === "bind" && isObject(bindOptions)) {
    return { ...spec, BindOptions: { Propagation: text(bindOptions["propagation"]) } };
  }
  if (mount["type"] === "volume" && isObject(volumeOptions)) {
    if (isOlder(version, "1.45"))
      throw new Error("Setting VolumeOptions.Subpath requires docker version 1.45 or higher");
    return {
      ...spec,
      VolumeOptions: {
        NoCopy: volumeOptions["noCopy"] === true,
        Labels: labelMap(volumeOptions["labels"]),
        DriverConfig: {
          Name: text(volumeOptions["driverName"]),
          Options: volumeOptions["driverOptions"] ?? {},
        },
        Subpath: text(volumeOptions["subpath"]) || undefined,
      },
    };
  }
  if (mount["type"] === "tmpfs" && isObject(tmpfsOptions)) {
    return {
      ...spec,
      TmpfsOptions: {
        SizeBytes: number(tmpfsOptions["sizeBytes"]),
        Mode: number(tmpfsOptions["mode"]),
      },
    };
  }
  return spec;
}

interface PortSpec {
  ports: Record<string, object>;
  bindings: Record<string, { HostPort: string; HostIp: string }[]>;
}

function portsOf(list: Values[]): PortSpec {
  const spec: PortSpec = { ports: {}, bindings: {} };
  for (const { internal, external, ip, protocol } of list) {
    const key = `${number(internal)}/${text(protocol) || "tcp"}`;
    spec.ports[key] = {};
    (spec.bindings[key] ??= []).push({
      HostPort: String(number(external)),
      HostIp: text(ip) || "0.0.0.0",
    });
  }
  return spec;
}

interface VolumeSpec {
  volumes: Record<string, object>;
  binds: string[];
  volumesFrom: string[];
}

function volumesOf(list: Values[]): VolumeSpec {
  const spec: VolumeSpec = { volumes: {}, binds: [], volumesFrom: [] };
  for (const {
    fromContainer,
    containerPath,
    hostPath,
    volumeName,
    readOnly,
    selinuxRelabel,
  } of list) {
    const [from, inside, source] = [
      text(fromContainer),
      text(containerPath),
      text(hostPath) || text(volumeName),
    ];
    const faulty =
      from === ""
        ? "volume entry without container path or source container"
        : "both a container and a path specified in a volume entry";
    if ((from === "") === (inside === "")) throw new Error(`Unable to parse volumes: ${faulty}`);
    if (from !== "") {
      spec.volumesFrom.push(from);
      continue;
    }
    spec.volumes[inside] = {};
    const mode = [readOnly === true ? "ro" : "rw", text(selinuxRelabel)]
      .filter((part) => part !== "")
      .join(",");
    if (source !== "") spec.binds.push(`${source}:${inside}:${mode}`);
  }
  return spec;
}
