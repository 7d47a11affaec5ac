import { docker, linesOf } from "./commands";

/** A container as the engine knows it, as far as the tests look at it. */
export interface Inspected {
  readonly id: string;
  readonly part: string;
  readonly image: string;
  readonly health: string;
  readonly pid: number;
  readonly command: readonly string[];
  /** On its first network. */
  readonly address: string;
  readonly ports: readonly string[];
  /** Everything that `docker inspect` tells. */
  readonly text: string;
}

interface DockerInspect {
  readonly Id: string;
  readonly Image: string;
  readonly State: { readonly Pid: number; readonly Health?: { readonly Status: string } };
  readonly Config: {
    readonly Labels: Readonly<Record<string, string>>;
    readonly Cmd: readonly string[] | null;
  };
  readonly NetworkSettings: {
    readonly Ports: Readonly<Record<string, unknown[] | null>>;
    readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>>;
  };
}

const labelOf = (instance: string): string => `label=org.joinmastodon.instance=${instance}`;

/** The containers of an instance, running or not; of one part of it, where one is named. */
export async function containersOf(
  endpoint: string,
  instance: string,
  part?: string,
): Promise<Inspected[]> {
  const filters = [
    `--filter=${labelOf(instance)}`,
    ...(part === undefined ? [] : [`--filter=label=org.joinmastodon.part=${part}`]),
  ];
  const { stdout } = await docker(endpoint, ["ps", "--all", "--quiet", ...filters]);
  const ids = linesOf(stdout);
  return ids.length === 0 ? [] : inspect(endpoint, ids);
}

async function inspect(endpoint: string, ids: readonly string[]): Promise<Inspected[]> {
  const { stdout } = await docker(endpoint, ["inspect", ...ids]);
  return (JSON.parse(stdout) as DockerInspect[]).map((found) => ({
    id: found.Id,
    part: found.Config.Labels["org.joinmastodon.part"] ?? "",
    image: found.Image,
    health: found.State.Health?.Status ?? "none",
    pid: found.State.Pid,
    command: found.Config.Cmd ?? [],
    address: Object.values(found.NetworkSettings.Networks)[0]?.IPAddress ?? "",
    ports: Object.entries(found.NetworkSettings.Ports).flatMap(([port, bindings]) =>
      bindings === null ? [] : [port],
    ),
    text: JSON.stringify(found),
  }));
}

/** The networks or volumes of an instance, by the name or number that the engine lists them under. */
export async function listedOf(
  endpoint: string,
  instance: string,
  kind: "network" | "volume",
): Promise<string[]> {
  const filter = `--filter=${labelOf(instance)}`;
  return linesOf((await docker(endpoint, [kind, "ls", "--quiet", filter])).stdout);
}

/** The certificate of the authority that an instance's gateway has made for itself. */
export async function authorityOf(endpoint: string, instance: string): Promise<string> {
  const [gateway] = await containersOf(endpoint, instance, "gateway");
  const root = "/data/caddy/pki/authorities/local/root.crt";
  return (await docker(endpoint, ["exec", gateway?.id ?? "", "cat", root])).stdout;
}
