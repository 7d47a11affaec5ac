import {
  assetHost,
  boolean,
  decimal,
  duration,
  header,
  host,
  hosts,
  mailDomains,
  mediaHosts,
  names,
  networks,
  path,
  port,
  text,
  url,
  urlOrNone,
  whole,
  words,
  type Kind,
} from "./kinds";

/** A variable that a stack file may set. */
export interface Variable {
  readonly takes: Kind;
  /** What it is for, and what holds where it is not set. */
  readonly about: string;
  /** Nobody who reads the stack file should learn it. */
  readonly secret?: true;
  /** Streaming reads it, and none of the others do. */
  readonly streaming?: true;
}

type Variables = Readonly<Record<string, Variable>>;

const is = (takes: Kind, about: string): Variable => ({ takes, about });

const secret = (about: string): Variable => ({ takes: text, about, secret: true });

const federation: Variables = {
  ALLOWED_PRIVATE_ADDRESSES: is(networks, "private addresses that may be fetched from; none"),
  ALTERNATE_DOMAINS: is(hosts, "further names under which the instance knows itself; none"),
  DISABLE_AUTOMATIC_SWITCHING_TO_APPROVED_REGISTRATIONS: is(
    boolean,
    "whether open registrations stay open after a week without a moderator; false",
  ),
  DISABLE_EMAIL_SUBSCRIPTIONS: is(boolean, "whether nobody can get posts by mail; false"),
  DISABLE_FOLLOWERS_SYNCHRONIZATION: is(
    boolean,
    "whether lists of followers are not compared with other servers; false",
  ),
  DISALLOW_UNAUTHENTICATED_API_ACCESS: is(
    boolean,
    "whether only who is signed in sees anything; false",
  ),
  EMAIL_DOMAIN_ALLOWLIST: is(mailDomains, "the only domains that people may sign up with; all"),
  EMAIL_DOMAIN_DENYLIST: is(mailDomains, "domains that nobody may sign up with; none"),
  EMAIL_DOMAIN_LISTS_APPLY_AFTER_CONFIRMATION: is(
    boolean,
    "whether these lists also hold for a change of address; false",
  ),
  EXPERIMENTAL_FEATURES: is(names, "features that are not finished; none"),
  FORCE_DEFAULT_LOCALE: is(boolean, "whether the default language beats the browser's; false"),
  MAX_FOLLOWS_RATIO: is(decimal, "followed accounts for each follower, above the threshold; 1.1"),
  MAX_FOLLOWS_THRESHOLD: is(whole(0, "accounts"), "accounts that everybody may follow; 7500"),
  SELF_DESTRUCT: is(text, "what `tootctl self-destruct` printed: ends the instance for ever"),
};

const outside: Variables = {
  ALLOW_ACCESS_TO_HIDDEN_SERVICE: is(boolean, "whether .onion names are spoken to; false"),
  CDN_HOST: is(assetHost, "where browsers get scripts and images of the interface; web itself"),
  DONATION_CAMPAIGNS_ENVIRONMENT: is(text, "which of the donation campaigns are asked for"),
  DONATION_CAMPAIGNS_URL: is(url, "who is asked for donation campaigns; nobody"),
  EXTRA_MEDIA_HOSTS: is(mediaHosts, "further places that browsers may load media from; none"),
  GITHUB_API_TOKEN: secret("access to GitHub, for lists of contributors"),
  GITHUB_REPOSITORY: is(
    {
      must: "owner/name, for example mastodon/mastodon",
      accepts: (v) => /^[\w.-]+\/[\w.-]+$/.test(v),
    },
    "where the source is on GitHub; mastodon/mastodon",
  ),
  HCAPTCHA_SECRET_KEY: secret("hCaptcha's secret key, for sign-up"),
  HCAPTCHA_SITE_KEY: is(text, "hCaptcha's site key, for sign-up"),
  MASTODON_VERSION_METADATA: is(text, "what follows the + of the version that is shown"),
  MASTODON_VERSION_PRERELEASE: is(text, "what follows the - of the version that is shown"),
  SOURCE_BASE_URL: is(url, "where the source can be read; GITHUB_REPOSITORY on GitHub"),
  SOURCE_COMMIT: is(text, "the commit of the source that runs"),
  SOURCE_TAG: is(text, "the tag or branch of the source that runs"),
  UPDATE_CHECK_URL: is(urlOrNone, "who is asked for new versions; api.joinmastodon.org"),
  http_hidden_proxy: is(url, "the proxy to .onion names; none"),
  http_proxy: is(url, "the proxy to other servers; none"),
};

const work: Variables = {
  BACKTRACE: is(
    text,
    "any text: faults are logged with the lines of libraries; only with Mastodon's",
  ),
  FFMPEG_BINARY: is(text, "the program that converts media; ffmpeg"),
  FFPROBE_BINARY: is(text, "the program that looks into media; ffprobe"),
  IP_RETENTION_PERIOD: is(whole(1, "seconds"), "how long addresses of people are kept; a year"),
  LOG_LEVEL: {
    takes: words("trace", "debug", "info", "warn", "error", "fatal"),
    about: "how much streaming logs; info",
    streaming: true,
  },
  MAX_REQUEST_POOL_SIZE: is(whole(1, "connections"), "open connections to other servers; 512"),
  MAX_SESSION_ACTIVATIONS: is(whole(1, "sessions"), "sessions of one person; 10"),
  PERSISTENT_TIMEOUT: is(whole(1, "seconds"), "how long web keeps an idle connection; 20"),
  PREPARED_STATEMENTS: is(boolean, "whether the database prepares statements; true"),
  QUERY_LOG_TAGS_ENABLED: is(boolean, "whether statements say where they come from; false"),
  RAILS_LOG_LEVEL: is(
    words("debug", "info", "warn", "error", "fatal"),
    "how much web and sidekiq log; this program sets warn",
  ),
  SESSION_RETENTION_PERIOD: is(whole(1, "seconds"), "how long idle sessions are kept; a year"),
  SSL_CERT_DIR: is(path, "certificates of authorities that are trusted; the image's"),
  SSL_CERT_FILE: is(path, "certificates of authorities that are trusted; the image's"),
  USER_ACTIVE_DAYS: is(whole(1, "days"), "how long home timelines are kept for absent people; 7"),
};

const search: Variables = {
  ES_CA_FILE: is(path, "the authority of the search server's certificate; those of the image"),
  ES_PASS: secret("the password for search.user"),
  ES_QUERY_TIMEOUT: is(duration, "how long a search may take; 10s"),
};

const metrics: Variables = {
  MASTODON_PROMETHEUS_EXPORTER_ENABLED: is(boolean, "whether web and sidekiq have metrics; false"),
  MASTODON_PROMETHEUS_EXPORTER_HOST: is(host, "where the local exporter listens; localhost"),
  MASTODON_PROMETHEUS_EXPORTER_LOCAL: is(boolean, "whether each process has its exporter; false"),
  MASTODON_PROMETHEUS_EXPORTER_PORT: is(port, "where the local exporter listens; 9394"),
  MASTODON_PROMETHEUS_EXPORTER_SIDEKIQ_DETAILED_METRICS: is(boolean, "more of sidekiq; false"),
  MASTODON_PROMETHEUS_EXPORTER_WEB_DETAILED_METRICS: is(boolean, "more of web; false"),
  OTEL_EXPORTER_OTLP_HEADERS: secret("headers for the collector of traces, often with its key"),
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: secret("the same, for traces alone"),
  OTEL_SERVICE_NAME_PREFIX: is(text, "what the names of services begin with; mastodon"),
  OTEL_SERVICE_NAME_SEPARATOR: is(text, "what stands between prefix and name; /"),
  PROMETHEUS_EXPORTER_HOST: is(host, "where a common exporter is; localhost"),
  PROMETHEUS_EXPORTER_PORT: is(port, "where a common exporter is; 9394"),
};

const services: Variables = {
  CACHE_BUSTER_ENABLED: is(boolean, "whether a cache is told of media that changed; false"),
  CACHE_BUSTER_HTTP_METHOD: is(
    { must: "a method of HTTP, for example PURGE", accepts: (v) => /^[A-Za-z]+$/.test(v) },
    "how it is told; GET",
  ),
  CACHE_BUSTER_SECRET: secret("what the cache knows Mastodon by"),
  CACHE_BUSTER_SECRET_HEADER: is(header, "the header that holds CACHE_BUSTER_SECRET"),
  DEEPL_API_KEY: secret("access to DeepL, which then translates"),
  DEEPL_PLAN: is(words("free", "pro"), "which of DeepL's servers the key is for; free"),
  LIBRE_TRANSLATE_API_KEY: secret("access to LibreTranslate, where it asks for a key"),
  LIBRE_TRANSLATE_ENDPOINT: is(url, "a LibreTranslate server, which then translates"),
};

const login: Variables = {
  ALLOW_UNSAFE_AUTH_PROVIDER_REATTACH: is(
    boolean,
    "whether an account goes over to whoever has its mail address elsewhere; false",
  ),
  OMNIAUTH_ONLY: is(boolean, "whether passwords of the instance itself are no way in; false"),
  ONE_CLICK_SSO_LOGIN: is(boolean, "whether signing in leads straight to the provider; false"),
  PAM_CONTROLLED_SERVICE: is(text, "the PAM service whose people all have accounts; none"),
  PAM_DEFAULT_SERVICE: is(text, "the PAM service that passwords are checked by; rpam"),
  PAM_EMAIL_DOMAIN: is(host, "the domain of the mail addresses of PAM's people; domain"),
  PAM_ENABLED: is(boolean, "whether PAM of the container lets people in; false"),
  SSO_ACCOUNT_SETTINGS: is(url, "where people change their account with the provider"),
  SSO_ACCOUNT_SIGN_UP: is(url, "where people get an account with the provider"),
};

const ldap: Variables = {
  LDAP_BASE: is(text, "where people are searched for, for example dc=example,dc=org"),
  LDAP_BIND_DN: is(text, "who Mastodon signs in as, for example cn=admin,dc=example,dc=org"),
  LDAP_ENABLED: is(boolean, "whether people of a directory may sign in; false"),
  LDAP_HOST: is(host, "the directory's server"),
  LDAP_MAIL: is(text, "the attribute with the mail address; mail"),
  LDAP_METHOD: is(words("simple_tls", "start_tls", "plain"), "how it is encrypted; simple_tls"),
  LDAP_PASSWORD: secret("the password of LDAP_BIND_DN"),
  LDAP_PORT: is(port, "the directory's port; 389, which with simple_tls is rarely right"),
  LDAP_SEARCH_FILTER: is(text, "who is let in; whose name or mail address was given"),
  LDAP_TLS_NO_VERIFY: is(boolean, "whether any certificate is taken; false"),
  LDAP_UID: is(text, "the attribute with the name; cn"),
  LDAP_UID_CONVERSION_ENABLED: is(boolean, "whether names are made to fit; false"),
  LDAP_UID_CONVERSION_REPLACE: is(text, "what letters that do not fit become; _"),
  LDAP_UID_CONVERSION_SEARCH: is(text, "letters that do not fit; full stop, comma, hyphen, blank"),
};

const cas: Variables = {
  CAS_CALLBACK_URL: is(url, "where CAS sends people back to"),
  CAS_CA_PATH: is(path, "the authority of its certificate; those of the image"),
  CAS_DISABLE_SSL_VERIFICATION: is(boolean, "whether any certificate is taken; false"),
  CAS_DISPLAY_NAME: is(text, "what it is called on the page"),
  CAS_EMAIL_KEY: is(text, "the attribute with the mail address; email"),
  CAS_ENABLED: is(boolean, "whether people of a CAS server may sign in; false"),
  CAS_FIRST_NAME_KEY: is(text, "the attribute with the first name; firstname"),
  CAS_HOST: is(host, "the server, where CAS_URL does not say it"),
  CAS_IMAGE_KEY: is(text, "the attribute with the picture; image"),
  CAS_LAST_NAME_KEY: is(text, "the attribute with the last name; lastname"),
  CAS_LOCATION_KEY: is(text, "the attribute with the place; location"),
  CAS_LOGIN_URL: is(text, "where people sign in, by path or address; /login"),
  CAS_LOGOUT_URL: is(text, "where people sign out, by path or address; /logout"),
  CAS_NAME_KEY: is(text, "the attribute with the whole name; name"),
  CAS_NICKNAME_KEY: is(text, "the attribute with the name that is shown; nickname"),
  CAS_PHONE_KEY: is(text, "the attribute with the telephone number; phone"),
  CAS_PORT: is(port, "the server's port; 443"),
  CAS_SECURITY_ASSUME_EMAIL_IS_VERIFIED: is(boolean, "whether its addresses count; false"),
  CAS_SSL: is(boolean, "whether it is spoken to encrypted; true"),
  CAS_UID_FIELD: is(text, "the field with the id; user"),
  CAS_UID_KEY: is(text, "the attribute with the id; user"),
  CAS_URL: is(url, "the server, with scheme and path"),
  CAS_VALIDATE_URL: is(text, "where tickets are checked, by path or address; /serviceValidate"),
};

const saml: Variables = {
  SAML_ACS_URL: is(url, "where the provider sends people: …/auth/auth/saml/callback"),
  SAML_ALLOWED_CLOCK_DRIFT: is(whole(0, "seconds"), "how much clocks may differ; 0"),
  SAML_ATTRIBUTES_STATEMENTS_EMAIL: is(text, "the attribute with the mail address"),
  SAML_ATTRIBUTES_STATEMENTS_FIRST_NAME: is(text, "the attribute with the first name"),
  SAML_ATTRIBUTES_STATEMENTS_FULL_NAME: is(text, "the attribute with the whole name"),
  SAML_ATTRIBUTES_STATEMENTS_LAST_NAME: is(text, "the attribute with the last name"),
  SAML_ATTRIBUTES_STATEMENTS_UID: is(text, "the attribute with the user name"),
  SAML_ATTRIBUTES_STATEMENTS_VERIFIED: is(text, "the attribute that says that mail is verified"),
  SAML_ATTRIBUTES_STATEMENTS_VERIFIED_EMAIL: is(text, "the attribute with the verified address"),
  SAML_CERT: is(text, "Mastodon's own certificate, in PEM"),
  SAML_DISPLAY_NAME: is(text, "what it is called on the page"),
  SAML_ENABLED: is(boolean, "whether people of a SAML provider may sign in; false"),
  SAML_IDP_CERT: is(text, "the provider's certificate, in PEM"),
  SAML_IDP_CERT_FINGERPRINT: is(text, "the fingerprint of the provider's certificate"),
  SAML_IDP_SSO_TARGET_URL: is(url, "where people sign in"),
  SAML_ISSUER: is(text, "the name that the provider knows the instance by"),
  SAML_NAME_IDENTIFIER_FORMAT: is(text, "the format of names that is asked for"),
  SAML_PRIVATE_KEY: secret("the key of SAML_CERT, in PEM"),
  SAML_SECURITY_ASSUME_EMAIL_IS_VERIFIED: is(boolean, "whether its addresses count; false"),
  SAML_SECURITY_WANT_ASSERTION_ENCRYPTED: is(boolean, "whether answers are encrypted; false"),
  SAML_SECURITY_WANT_ASSERTION_SIGNED: is(boolean, "whether answers are signed; false"),
  SAML_UID_ATTRIBUTE: is(text, "the attribute with the id"),
};

const oidc: Variables = {
  OIDC_AUTH_ENDPOINT: is(text, "where people sign in, without OIDC_DISCOVERY"),
  OIDC_CLIENT_AUTH_METHOD: is(text, "how Mastodon shows its secret; basic"),
  OIDC_CLIENT_ID: is(text, "the name that the provider knows the instance by"),
  OIDC_CLIENT_SECRET: secret("what the provider knows the instance by"),
  OIDC_DISCOVERY: is(boolean, "whether the provider is asked for its addresses; false"),
  OIDC_DISPLAY: is(words("page", "popup", "touch", "wap"), "how it shows itself; page"),
  OIDC_DISPLAY_NAME: is(text, "what it is called on the page"),
  OIDC_ENABLED: is(boolean, "whether people of an OpenID provider may sign in; false"),
  OIDC_END_SESSION_ENDPOINT: is(text, "where people sign out"),
  OIDC_HOST: is(host, "the provider's server"),
  OIDC_HTTP_SCHEME: is(words("https", "http"), "how it is spoken to; https"),
  OIDC_IDP_LOGOUT_REDIRECT_URI: is(url, "where people come back to, signed out"),
  OIDC_ISSUER: is(url, "the provider's name, an address"),
  OIDC_JWKS_URI: is(text, "where its keys are, without OIDC_DISCOVERY"),
  OIDC_PORT: is(port, "its port; 443"),
  OIDC_PROMPT: is(text, "whether people are asked again: none, login, consent, select_account"),
  OIDC_REDIRECT_URI: is(url, "where people come back to: …/auth/auth/openid_connect/callback"),
  OIDC_RESPONSE_MODE: is(words("query", "fragment", "form_post", "web_message"), "query"),
  OIDC_RESPONSE_TYPE: is(text, "what the provider answers with; code"),
  OIDC_SCOPE: is(names, "what is asked for, for example openid,profile,email"),
  OIDC_SECURITY_ASSUME_EMAIL_IS_VERIFIED: is(boolean, "whether its addresses count; false"),
  OIDC_SEND_NONCE: is(boolean, "whether answers are tied to requests; true"),
  OIDC_SEND_SCOPE_TO_TOKEN_ENDPOINT: is(boolean, "whether the scope is sent twice; true"),
  OIDC_TOKEN_ENDPOINT: is(text, "where tokens are had, without OIDC_DISCOVERY"),
  OIDC_UID_FIELD: is(text, "the field with the user name, for example preferred_username"),
  OIDC_USER_INFO_ENDPOINT: is(text, "where people are told of, without OIDC_DISCOVERY"),
  OIDC_USE_PKCE: is(boolean, "whether PKCE is used; false"),
};

/**
 * Every variable of Mastodon 4.7 that is for a stack file to set, as its source reads them: `ENV` in app, config, lib and
 * bin, `process.env` in streaming, at df1439c18b of 2026-08-07. What the program itself sets is not among them.
 */
export const mastodonVariables: ReadonlyMap<string, Variable> = new Map(
  Object.entries({
    ...federation,
    ...outside,
    ...work,
    ...search,
    ...metrics,
    ...services,
    ...login,
    ...ldap,
    ...cas,
    ...saml,
    ...oidc,
  }),
);
