import type { Config } from "./configSchema";
import type { Environment, EnvironmentValue } from "./environmentValue";
import type { SecretReference } from "./secrets";

type Smtp = NonNullable<Config["smtp"]>;

/** How one mail server is spoken to. */
export type MailServer = NonNullable<Smtp["bulk"]>;

/** Announcements and other mass mails may have a server of their own, under variables of their own. */
const prefixes = { usual: "", bulk: "BULK_" } as const;

type Use = keyof typeof prefixes;

/**
 * Where Mastodon is told to look for the authorities of a stack file. The library adds them to those of the system, so
 * nothing else is in that file, and a certificate of a public authority stays as good as it was.
 */
const authorityFile = (use: Use): string => `/tmp/${use}-mail-authorities.pem`;

/**
 * What Mastodon's processes read of mail. Names and words: `config/email.yml` and
 * `lib/mastodon/email_configuration_helper.rb` of Mastodon 4.4 and later.
 */
export function mailEnvironment({ domain, smtp }: Pick<Config, "domain" | "smtp">): Environment {
  if (smtp === undefined) {
    // No mail leaves a machine of one's own: it is kept as files in the sidekiq container's tmp/mails.
    return { SMTP_DELIVERY_METHOD: "file" };
  }
  const { from, replyTo, returnPath, bulk } = smtp;
  // Left to Mastodon, it would be LOCAL_DOMAIN, which on a machine of one's own has a port, and so is no name.
  const heloDomain = smtp.heloDomain ?? domain;
  return {
    ...serverEnvironment("usual", smtp, heloDomain, "smtpPassword"),
    SMTP_FROM_ADDRESS: from,
    ...(replyTo === undefined ? {} : { SMTP_REPLY_TO: replyTo }),
    ...(returnPath === undefined ? {} : { SMTP_RETURN_PATH: returnPath }),
    // It takes over nothing from the usual one, but for the sender, of which there is only one.
    ...(bulk === undefined ? {} : serverEnvironment("bulk", bulk, heloDomain, "bulkSmtpPassword")),
  };
}

function serverEnvironment(
  use: Use,
  { server, port, login, authMethod = "plain", startTls, tls, verify, ca }: MailServer,
  heloDomain: string,
  password: SecretReference,
): Environment {
  const named: Environment = {
    SERVER: server,
    PORT: String(port),
    DOMAIN: heloDomain,
    // Without a login, only this word keeps the library from refusing to log in as nobody before it has connected.
    AUTH_METHOD: login === undefined ? "none" : authMethod,
    // A connection that is TLS from the start cannot switch to it: the library refuses to be told both.
    ENABLE_STARTTLS: tls ? "never" : startTls,
    ...(tls ? { TLS: "true" } : {}),
    ...(verify === "peer" ? {} : { OPENSSL_VERIFY_MODE: verify }),
    ...(ca === undefined ? {} : { CA_FILE: authorityFile(use), CA_CERTIFICATES: ca }),
    ...(login === undefined ? {} : { LOGIN: login, PASSWORD: { secret: password } }),
  };
  return Object.fromEntries(
    Object.entries(named).map(([name, value]): [string, EnvironmentValue] => [
      `${prefixes[use]}SMTP_${name}`,
      value,
    ]),
  );
}

/** The authorities that the stack file gives, by the server that they are for. */
const givenAuthorities = ({ smtp }: Pick<Config, "smtp">): [Use, string][] => [
  ...(smtp?.ca === undefined ? [] : [["usual", smtp.ca] satisfies [Use, string]]),
  ...(smtp?.bulk?.ca === undefined ? [] : [["bulk", smtp.bulk.ca] satisfies [Use, string]]),
];

/** Path → content of the authorities that the stack file gives. */
export const authorityFiles = (config: Pick<Config, "smtp">): Readonly<Record<string, string>> =>
  Object.fromEntries(
    givenAuthorities(config).map(([use, certificates]) => [authorityFile(use), certificates]),
  );

/**
 * The command of a process that sends mail, with the authorities put in their place before it starts. They come by its
 * environment: the engine puts no files into a container whose root is read-only.
 */
export function withAuthorities(
  config: Pick<Config, "smtp">,
  command: readonly string[],
): readonly string[] {
  const writes = givenAuthorities(config).map(
    ([use]) => `printf %s "$${prefixes[use]}SMTP_CA_CERTIFICATES" > ${authorityFile(use)}`,
  );
  return writes.length === 0
    ? command
    : ["sh", "-c", [...writes, 'exec "$@"'].join(" && "), "mail", ...command];
}
