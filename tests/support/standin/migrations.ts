import { atLeast } from "./home";

/** One step of the schema. */
export interface Migration {
  readonly version: string;
  readonly name: string;
  /** `post` steps run once the processes of the older release are gone. */
  readonly phase: "deploy" | "post";
  /** First release that carries the step. */
  readonly since: string;
  readonly up: string;
}

const all: readonly Migration[] = [
  {
    version: "20260702144100",
    name: "CreateSchema",
    phase: "deploy",
    since: "4.7.0",
    up: `
      CREATE TABLE user_roles (
        id bigserial PRIMARY KEY, name text NOT NULL, position int NOT NULL DEFAULT 0,
        permissions bigint NOT NULL DEFAULT 0, highlighted boolean NOT NULL DEFAULT false
      );
      CREATE TABLE accounts (
        id bigint PRIMARY KEY, username text NOT NULL, domain text, display_name text NOT NULL DEFAULT '',
        actor_type text, created_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE UNIQUE INDEX index_accounts_on_username_and_domain_lower
        ON accounts (lower(username), coalesce(lower(domain), ''));
      CREATE TABLE users (
        id bigserial PRIMARY KEY, email text NOT NULL UNIQUE, account_id bigint NOT NULL UNIQUE REFERENCES accounts,
        encrypted_password text NOT NULL, role_id bigint REFERENCES user_roles, confirmed_at timestamptz,
        approved boolean NOT NULL DEFAULT false, disabled boolean NOT NULL DEFAULT false, chosen_languages text[],
        current_sign_in_at timestamptz
      );
      CREATE TABLE settings (var text PRIMARY KEY, value text NOT NULL);
      CREATE TABLE statuses (
        id bigint PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts, text text NOT NULL,
        spoiler_text text NOT NULL DEFAULT '', visibility text NOT NULL, sensitive boolean NOT NULL DEFAULT false,
        language text, in_reply_to_id bigint, application_name text, created_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE INDEX index_statuses_on_account_id ON statuses (account_id, id DESC);
      CREATE TABLE home_feed_entries (
        account_id bigint NOT NULL REFERENCES accounts, status_id bigint NOT NULL REFERENCES statuses,
        PRIMARY KEY (account_id, status_id)
      );
      CREATE TABLE media_attachments (
        id bigint PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts, status_id bigint REFERENCES statuses,
        file_path text NOT NULL, content_type text NOT NULL, description text
      );
      CREATE TABLE oauth_applications (
        id bigserial PRIMARY KEY, name text NOT NULL, uid text NOT NULL UNIQUE, secret text NOT NULL,
        redirect_uri text NOT NULL, scopes text NOT NULL, website text, superapp boolean NOT NULL DEFAULT false
      );
      CREATE TABLE oauth_access_grants (
        token text PRIMARY KEY, application_id bigint NOT NULL REFERENCES oauth_applications,
        resource_owner_id bigint NOT NULL REFERENCES users, redirect_uri text NOT NULL, scopes text NOT NULL,
        code_challenge text, created_at timestamptz NOT NULL DEFAULT now(), revoked_at timestamptz
      );
      CREATE TABLE oauth_access_tokens (
        id bigserial PRIMARY KEY, token text NOT NULL UNIQUE, resource_owner_id bigint REFERENCES users,
        application_id bigint REFERENCES oauth_applications, scopes text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(), revoked_at timestamptz
      );
      CREATE TABLE session_activations (
        session_id text PRIMARY KEY, user_id bigint NOT NULL REFERENCES users,
        access_token_id bigint NOT NULL REFERENCES oauth_access_tokens, created_at timestamptz NOT NULL DEFAULT now()
      );`,
  },
  {
    version: "20260702144128",
    name: "CreateKeypairs",
    phase: "post",
    since: "4.7.0",
    up: `
      CREATE TABLE keypairs (
        id bigserial PRIMARY KEY, account_id bigint NOT NULL UNIQUE REFERENCES accounts,
        public_key text NOT NULL, private_key text NOT NULL
      );`,
  },
  // The next two move the name of a status's application to another column, the way every such move has to be made:
  // code of 4.7.1 breaks once the second has run, code of 4.7.2 breaks until the first has.
  {
    version: "20260910080000",
    name: "AddApplicationLabelToStatuses",
    phase: "deploy",
    since: "4.7.2",
    up: `
      ALTER TABLE statuses ADD COLUMN application_label text;
      UPDATE statuses SET application_label = application_name;`,
  },
  {
    version: "20260910080100",
    name: "RemoveApplicationNameFromStatuses",
    phase: "post",
    since: "4.7.2",
    up: `
      UPDATE statuses SET application_label = application_name WHERE application_label IS NULL;
      ALTER TABLE statuses DROP COLUMN application_name;`,
  },
];

/** Every step that `release` carries, oldest first. */
export function migrationsOf(release: string): readonly Migration[] {
  return all.filter((migration) => atLeast(release, migration.since));
}

/** The column of `statuses` in which the code of `release` keeps the application's name. */
export function applicationColumn(release: string): "application_label" | "application_name" {
  return atLeast(release, "4.7.2") ? "application_label" : "application_name";
}
