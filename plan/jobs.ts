import type { Config } from "./configSchema";
import type { ContainerSpec, NetworkKey } from "./containerSpec";
import { databaseRole, jobEnvironment } from "./environment";
import type { Environment } from "./environmentValue";
import { flavourOf } from "./flavours/flavourOf";
import { labelsOf, physicalName } from "./names";
import { runOnce } from "./oneOff";
import { postgresName } from "./postgres";
import { commandLine, quote } from "./shell";
import type { Sizing } from "./sizing";

/** A command that runs to its end before what depends on it begins. It can be run again at any time. */
export interface JobSpec {
  readonly part: string;
  /** For `/bin/sh`, with the `docker` client on its path. Values come from the environment, never from the text. */
  readonly script: string;
  readonly environment: Environment;
  /** Puts the id of Mastodon's image into `$IMAGE`, so that another image runs the job again. */
  readonly followsImage: boolean;
  /** Shows what it prints while it runs: it may take minutes. */
  readonly progress: boolean;
}

/** Makes a container visible under its name, and takes it back. Both find the container's id in `$CONTAINER`. */
export interface PublicationSpec {
  readonly part: string;
  readonly publish: string;
  readonly withdraw: string;
}

/** Everything of a job that is not the same for all of them. */
interface RunArgs {
  readonly part: string;
  readonly environment: Environment;
  readonly command: readonly string[];
  /** Default: `internal`, where the database is, and no way out. */
  readonly network?: NetworkKey;
  readonly alsoOn?: NetworkKey;
}

/** Runs a command of Mastodon in a container of its own. */
export function runMastodon(
  config: Config,
  sizing: Sizing,
  { environment, network = "internal", ...args }: RunArgs,
): string {
  return runOnce(config, {
    ...args,
    ...flavourOf(config.image).oneOff,
    network,
    memoryMb: sizing.job.memoryMb,
    variables: Object.keys(environment),
    image: '"$IMAGE"',
  });
}

/** Takes the image of the running web container, so that another version of it is no reason to run a job again. */
export function withRunningImage(config: Config, script: string): string {
  const filters = Object.entries(labelsOf(config.name, "web")).map(
    ([key, value]) => `--filter=label=${key}=${value}`,
  );
  return [
    "set -eu",
    `web=$(${commandLine(["docker", "ps", "--quiet", ...filters])} | head -n 1)`,
    `IMAGE=$(docker inspect --format '{{.Image}}' "$web")`,
    script,
  ].join("\n");
}

/**
 * Creates the role that Mastodon logs in with: it may create its database and nothing beyond. A database that was
 * written with other encryption keys is refused here, before anything reads or writes it.
 */
export function roleJob(config: Config): JobSpec {
  const sql = String.raw`\getenv password DATABASE_PASSWORD
\getenv fingerprint KEYS_FINGERPRINT
SELECT 'CREATE ROLE ${databaseRole}' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${databaseRole}') \gexec
SELECT coalesce(shobj_description(oid, 'pg_authid'), '') AS known FROM pg_roles WHERE rolname = '${databaseRole}' \gset
SELECT :'known' NOT IN ('', 'keys ' || :'fingerprint') AS other_keys \gset
\if :other_keys
DO 'BEGIN RAISE EXCEPTION ''This database was encrypted with other keys than those of this stack: nothing was changed. Restore the state folder that it was made with.''; END';
\endif
ALTER ROLE ${databaseRole} WITH LOGIN CREATEDB NOSUPERUSER NOCREATEROLE NOREPLICATION PASSWORD :'password';
SELECT 'keys ' || :'fingerprint' AS keys \gset
COMMENT ON ROLE ${databaseRole} IS :'keys';`;
  const psql = commandLine([
    "docker",
    "exec",
    "--interactive",
    "--env=DATABASE_PASSWORD",
    "--env=KEYS_FINGERPRINT",
    postgresName(config),
    "psql",
    "--no-psqlrc",
    "--quiet",
    "--set=ON_ERROR_STOP=1",
    "--username=postgres",
    "--dbname=postgres",
  ]);
  return {
    part: "role",
    script: `${psql} <<'SQL'\n${sql}\nSQL`,
    environment: {
      DATABASE_PASSWORD: { secret: "databasePassword" },
      KEYS_FINGERPRINT: { secret: "keysFingerprint" },
    },
    followsImage: false,
    progress: false,
  };
}

/**
 * Makes the database where there is none, else brings its schema up to date: https://docs.joinmastodon.org/admin/upgrading/
 *
 * Seeds it in any case, which changes nothing where that was done: after a `db:prepare` that was cut short between schema
 * and seeds, the next one takes the schema for the whole, and the roles would be missing for good.
 */
export function migrateJob(config: Config, sizing: Sizing): JobSpec {
  const environment = jobEnvironment(config);
  return {
    part: "migrate",
    script: `set -eu\n${runMastodon(config, sizing, {
      part: "migrate",
      environment,
      command: ["bundle", "exec", "rails", "db:prepare", "db:seed"],
    })}`,
    environment,
    followsImage: true,
    progress: true,
  };
}

/** How long copies of other servers' media are kept, unless somebody has decided that in the settings already. */
export const retentionScript = (days: number): string =>
  `Setting.media_cache_retention_period = ${days} if Setting.media_cache_retention_period.nil?`;

/** Whether people may sign up, and what is cleared away by itself. */
export function settingsJob(config: Config, sizing: Sizing): JobSpec {
  const modes = { none: "close", approval: "approved", open: "open" } as const;
  const environment = jobEnvironment(config);
  const change = [
    "set -eu",
    `tootctl settings registrations ${modes[config.registrations]}`,
    `bundle exec rails runner ${quote(retentionScript(sizing.retention.mediaDays))}`,
  ].join("\n");
  return {
    part: "settings",
    script: withRunningImage(
      config,
      runMastodon(config, sizing, {
        part: "settings",
        environment,
        command: ["sh", "-c", change],
      }),
    ),
    environment,
    followsImage: false,
    progress: false,
  };
}

/**
 * Gives the owner's account the first password. Someone who signed in has seen it, and may have chosen another since:
 * from then on it is left alone.
 */
export const firstPasswordScript = [
  'user = Account.find_local(ENV.fetch("ADMIN_USERNAME")).user',
  "if user.current_sign_in_at.nil?",
  "  user.skip_password_change_notification!",
  '  user.update!(password: ENV.fetch("ADMIN_PASSWORD"))',
  "end",
].join("\n");

/** Creates the owner's account; one that exists already is made owner. */
export function adminJob(config: Config, sizing: Sizing): JobSpec {
  const { username, email } = config.admin;
  const environment: Environment = {
    ...jobEnvironment(config),
    ADMIN_USERNAME: username,
    ADMIN_EMAIL: email,
    ADMIN_PASSWORD: { secret: "adminPassword" },
    // The stack file's own address needs no look-up in DNS, which would fail where there is none.
    EMAIL_DOMAIN_ALLOWLIST: email.slice(email.indexOf("@") + 1),
  };
  // Why it was refused is not asked: if the account can be made owner, it is there.
  const create = [
    "set -eu",
    'refusal=$(tootctl accounts create "$ADMIN_USERNAME" --email "$ADMIN_EMAIL" --confirmed --approve --role Owner 2>&1) ||',
    '  tootctl accounts modify "$ADMIN_USERNAME" --role Owner --approve --confirm > /dev/null ||',
    '  { printf "%s\\n" "$refusal" >&2; exit 1; }',
    `bundle exec rails runner ${quote(firstPasswordScript)}`,
  ].join("\n");
  return {
    part: "admin",
    script: withRunningImage(
      config,
      runMastodon(config, sizing, { part: "admin", environment, command: ["sh", "-c", create] }),
    ),
    environment,
    followsImage: false,
    progress: false,
  };
}

/**
 * Lets the gateway find a container, once it is healthy: an alias given at its creation would answer from its first
 * moment, and the gateway would send visitors to a version that never comes up.
 */
export function publication(
  config: Config,
  { part, foundOn = "egress" }: Pick<ContainerSpec, "part" | "foundOn">,
): PublicationSpec {
  const network = physicalName(config.name, foundOn);
  const format = "{{range $name, $_ := .NetworkSettings.Networks}}{{println $name}}{{end}}";
  const isConnected = `docker inspect --format ${quote(format)} "$CONTAINER" | grep -qxF ${quote(network)}`;
  return {
    part,
    // One that an interrupted run has connected is left so.
    publish: `${isConnected} || docker network connect ${commandLine(["--alias", part, network])} "$CONTAINER"`,
    // One that is gone, or was never connected, needs no withdrawing. Any other is stopped first, so that it finishes what
    // it has begun: without its network, its visitors would wait for answers and posts that never come.
    withdraw: `if ${isConnected}; then docker stop "$CONTAINER" > /dev/null; docker network disconnect ${quote(network)} "$CONTAINER"; fi`,
  };
}
