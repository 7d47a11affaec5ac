import type { Config } from "./configSchema";
import type { ContainerSpec } from "./containerSpec";
import { emulationSpec, type EmulationSpec } from "./emulation";
import { mastodonEnvironment, publicUrl } from "./environment";
import type { Environment } from "./environmentValue";
import type { BuildSpec, Migrations, Processes } from "./flavours/flavour";
import { flavourOf } from "./flavours/flavourOf";
import { dnsSpec, mailHints, records, type DnsSpec, type RecordSpec } from "./edge/dns";
import { caddyfileJob, gatewayContainer } from "./edge/gateway";
import { connectorsOf, tunnelSpec, type TunnelSpec } from "./edge/tunnel";
import { hostOf, type HostSpec } from "./hosts/host";
import { identityOf, type Identity } from "./identity";
import type { Emulated, Images } from "./imageKeys";
import { resolveImages } from "./images";
import {
  adminJob,
  migrateJob,
  publication,
  roleJob,
  settingsJob,
  type JobSpec,
  type PublicationSpec,
} from "./jobs";
import { mailCheck } from "./mailCheck";
import { mediaPlace } from "./media";
import { mediaCheck } from "./mediaCheck";
import { networks, type NetworkSpec } from "./networks";
import { postgresContainer } from "./postgres";
import { redisContainer } from "./redis";
import { searchContainer, searchJob } from "./search";
import { secretSpecs, type SecretSpec } from "./secrets";
import { sizeInstance, type Sizing } from "./sizing";
import { volumes, type VolumeSpec } from "./storage";

/** Everything that an instance will be, as plain JSON: it can be printed, compared and kept. It holds no secret. */
export interface Plan {
  readonly url: string;
  readonly identity: Identity;
  /** Where uploads are. */
  readonly mediaPlace: string;
  readonly adminUsername: string;
  readonly adminEmail: string;
  readonly host: HostSpec;
  readonly sizing: Sizing;
  readonly secrets: readonly SecretSpec[];
  readonly images: Images;
  /** The images that are pulled for another architecture than the host's. */
  readonly emulated: Emulated;
  /** Absent where the host runs every image by itself. */
  readonly emulation?: EmulationSpec;
  /** Absent where all images are in registries. */
  readonly build?: BuildSpec;
  readonly networks: readonly NetworkSpec[];
  readonly volumes: readonly VolumeSpec[];
  readonly containers: Processes & {
    readonly postgres: ContainerSpec;
    readonly redis: ContainerSpec;
    /** Absent where nothing is searched, or a server elsewhere does it. */
    readonly search?: ContainerSpec;
    readonly gateway: ContainerSpec;
  };
  /** What services elsewhere have to do for the instance: each is asked before anything of it changes. */
  readonly checks: readonly JobSpec[];
  readonly jobs: {
    readonly role: JobSpec;
    /** Absent where the image brings the schema up to date while it starts. */
    readonly migrate?: JobSpec;
    readonly settings: JobSpec;
    readonly admin: JobSpec;
    /** Absent where nothing is searched. */
    readonly searchIndex?: JobSpec;
    readonly caddyfile: JobSpec;
  };
  /** Absent where the way in is no tunnel. */
  readonly tunnel?: TunnelSpec;
  /** What the instance's names lead to, whoever enters it. */
  readonly records: readonly RecordSpec[];
  /** What DNS should say of the instance's mail, which is entered by hand in any case. */
  readonly mailHints: readonly string[];
  /** Absent where nothing is done at Cloudflare. */
  readonly dns?: DnsSpec;
  /** How the schema is brought up to date, where no job of its own does it. */
  readonly migrations?: Extract<Migrations, { readonly kind: "atBoot" }>;
  /** The containers that are found by the gateway, and the gateway itself, where a container stands before it. */
  readonly publications: {
    readonly web: PublicationSpec;
    readonly streaming?: PublicationSpec;
    readonly gateway?: PublicationSpec;
  };
  /** What `.env.production` would hold, had the instance been set up by hand. */
  readonly environment: Environment;
}

/** Decides everything about an instance. Pure: the same configuration always gives the same plan. */
export function makePlan(config: Config): Plan {
  const groups = Object.keys(config.sidekiq);
  const sizing = sizeInstance({
    ...config.sizing,
    hardware: config.hardware,
    connectors: connectorsOf(config),
    search: config.search.kind === "container",
    sidekiq: Object.fromEntries(groups.map((name) => [name, config.sidekiq[name]?.threads])),
  });
  const images = resolveImages(config);
  const { build, processes: processesOf, migrations } = flavourOf(config.image);
  const processes = processesOf(config, sizing);
  const emulation = emulationSpec(config);
  const search = searchContainer(config, sizing);
  const index = searchJob(config, sizing, images);
  const tunnel = tunnelSpec(config, sizing);
  const dns = dnsSpec(config);
  const gateway = gatewayContainer(config, sizing);
  return {
    url: publicUrl(config),
    identity: identityOf(config),
    mediaPlace: mediaPlace(config),
    adminUsername: config.admin.username,
    adminEmail: config.admin.email,
    host: hostOf(config),
    sizing,
    secrets: secretSpecs,
    images,
    ...(build === undefined ? {} : { build }),
    emulated: config.emulated ?? {},
    ...(emulation === undefined ? {} : { emulation }),
    networks: networks(config),
    volumes: volumes(config, images),
    containers: {
      postgres: postgresContainer(config, sizing),
      redis: redisContainer(config, sizing),
      ...(search === undefined ? {} : { search }),
      ...processes,
      gateway,
    },
    checks: [...mailCheck(config, sizing), ...mediaCheck(config, sizing)],
    jobs: {
      role: roleJob(config),
      ...(migrations.kind === "byJob" ? { migrate: migrateJob(config, sizing) } : {}),
      settings: settingsJob(config, sizing),
      admin: adminJob(config, sizing),
      ...(index === undefined ? {} : { searchIndex: index }),
      caddyfile: caddyfileJob(config, sizing),
    },
    ...(tunnel === undefined ? {} : { tunnel }),
    records: records(config),
    mailHints: mailHints(config),
    ...(dns === undefined ? {} : { dns }),
    ...(migrations.kind === "atBoot" ? { migrations } : {}),
    publications: {
      web: publication(config, processes.web),
      ...(processes.streaming === undefined
        ? {}
        : { streaming: publication(config, processes.streaming) }),
      ...(gateway.foundOn === undefined ? {} : { gateway: publication(config, gateway) }),
    },
    environment: mastodonEnvironment(config),
  };
}
