import type { ParsedConfig } from "../configSchema";
import type { Fault } from "../faults";
import { oneOf, quoted } from "../shapes";
import { boolean } from "./kinds";
import { mastodonVariables } from "./mastodonVariables";
import { secretCommand } from "./secretCommand";

type Choice = Pick<ParsedConfig, "environment" | "federation" | "search">;

/**
 * What a variable cannot do without: itself, then what it needs, of which a list names alternatives. One that is true or
 * false needs it only when it is true. Read from what Mastodon demands at its start (config/initializers/devise.rb,
 * 3_omniauth.rb), or without which it silently does nothing.
 */
const needs: readonly (readonly [name: string, ...needed: (string | readonly string[])[]])[] = [
  // Left out, the host would be the container itself.
  ["LDAP_ENABLED", "LDAP_HOST", "LDAP_BASE", "LDAP_BIND_DN", "LDAP_PASSWORD"],
  [
    "OIDC_ENABLED",
    "OIDC_ISSUER",
    "OIDC_CLIENT_ID",
    "OIDC_CLIENT_SECRET",
    "OIDC_SCOPE",
    "OIDC_UID_FIELD",
    "OIDC_REDIRECT_URI",
  ],
  [
    "SAML_ENABLED",
    "SAML_ACS_URL",
    "SAML_ISSUER",
    "SAML_IDP_SSO_TARGET_URL",
    ["SAML_IDP_CERT", "SAML_IDP_CERT_FINGERPRINT"],
  ],
  ["SAML_SECURITY_WANT_ASSERTION_ENCRYPTED", "SAML_CERT", "SAML_PRIVATE_KEY"],
  ["SAML_CERT", "SAML_PRIVATE_KEY"],
  ["SAML_PRIVATE_KEY", "SAML_CERT"],
  ["CAS_ENABLED", ["CAS_URL", "CAS_HOST"]],
  ["HCAPTCHA_SITE_KEY", "HCAPTCHA_SECRET_KEY"],
  ["HCAPTCHA_SECRET_KEY", "HCAPTCHA_SITE_KEY"],
  ["CACHE_BUSTER_SECRET", "CACHE_BUSTER_SECRET_HEADER"],
  ["CACHE_BUSTER_SECRET_HEADER", "CACHE_BUSTER_SECRET"],
  ["DEEPL_PLAN", "DEEPL_API_KEY"],
  ["LIBRE_TRANSLATE_API_KEY", "LIBRE_TRANSLATE_ENDPOINT"],
];

/** Needed by OIDC_ENABLED where OIDC_DISCOVERY does not find them. */
const discovered = [
  "OIDC_AUTH_ENDPOINT",
  "OIDC_TOKEN_ENDPOINT",
  "OIDC_USER_INFO_ENDPOINT",
  "OIDC_JWKS_URI",
];

/** What the names of a family begin with: none of them is read unless one of them, its switch, is there. */
const families = [
  "LDAP",
  "CAS",
  "SAML",
  "OIDC",
  "PAM",
  "CACHE_BUSTER",
  "MASTODON_PROMETHEUS_EXPORTER",
];

/** Those to which OMNIAUTH_ONLY leads. */
const providers = ["CAS_ENABLED", "OIDC_ENABLED", "SAML_ENABLED"];

/**
 * Faults of variables that contradict each other, or that do nothing by themselves.
 *
 * @param secretNames the names of those that the stack file holds encrypted; undefined where that is not known, and then
 * none counts as missing
 */
export function consistencyFaults(
  { environment, federation }: Choice,
  secretNames: readonly string[] | undefined,
): Fault[] {
  const isSecret = (name: string): boolean => secretNames?.includes(name) === true;
  const isSet = (name: string): boolean => Object.hasOwn(environment, name) || isSecret(name);
  const isTrue = (name: string): boolean => environment[name] === "true";
  // What is encrypted may well be true.
  const mayBeTrue = (name: string): boolean => isTrue(name) || isSecret(name);
  const counts = (name: string): boolean =>
    mastodonVariables.get(name)?.takes === boolean ? isTrue(name) : isSet(name);
  const missing = (needed: string | readonly string[], by: string): Fault[] => {
    const names = typeof needed === "string" ? [needed] : needed;
    return secretNames === undefined || names.some(isSet) ? [] : [missingFault(names, by)];
  };
  const plain = (name: string, message: string): Fault => ({
    path: `environment.${name}`,
    message: `${quoted(environment[name])} ${message}`,
  });

  const lacking = needs.flatMap(([name, ...needed]) =>
    counts(name) ? needed.flatMap((each) => missing(each, name)) : [],
  );
  const undiscovered =
    isTrue("OIDC_ENABLED") && !mayBeTrue("OIDC_DISCOVERY")
      ? discovered.flatMap((each) => missing(each, 'OIDC_ENABLED without OIDC_DISCOVERY: "true"'))
      : [];
  const switchedOff = families.flatMap((family) => {
    const member = [...mastodonVariables.keys()].find(
      (name) => name.startsWith(`${family}_`) && isSet(name),
    );
    return member === undefined ? [] : missing(`${family}_ENABLED`, member);
  });

  const ways = providers.filter(mayBeTrue);
  const contradictions = [
    ...(isTrue("OMNIAUTH_ONLY") && ways.length === 0
      ? [
          plain(
            "OMNIAUTH_ONLY",
            `leaves no way in: set ${oneOf(providers)} to "true", or remove it`,
          ),
        ]
      : []),
    ...(isTrue("ONE_CLICK_SSO_LOGIN") && !(mayBeTrue("OMNIAUTH_ONLY") && ways.length === 1)
      ? [
          plain(
            "ONE_CLICK_SSO_LOGIN",
            `has no effect: it needs OMNIAUTH_ONLY, and exactly one of ${providers.join(", ")}; set them, or remove it`,
          ),
        ]
      : []),
    ...(environment["LIBRE_TRANSLATE_ENDPOINT"] !== undefined && isSet("DEEPL_API_KEY")
      ? [
          plain(
            "LIBRE_TRANSLATE_ENDPOINT",
            "has no effect: with DEEPL_API_KEY, DeepL translates; remove one of them",
          ),
        ]
      : []),
    ...(federation.mode === "limited" &&
    environment["DISALLOW_UNAUTHENTICATED_API_ACCESS"] === "false"
      ? [
          plain(
            "DISALLOW_UNAUTHENTICATED_API_ACCESS",
            "contradicts federation.mode: limited, which shows nothing to strangers; remove one of them",
          ),
        ]
      : []),
  ];
  return [...withoutTwins([...lacking, ...undiscovered, ...switchedOff]), ...contradictions];
}

function missingFault(names: readonly string[], by: string): Fault {
  const [name = ""] = names;
  const variable = mastodonVariables.get(name);
  return variable?.secret === true
    ? {
        path: `secretEnvironment.${name}`,
        message: `is missing: ${by} needs it; set it with ${secretCommand(name)}`,
      }
    : {
        path: `environment.${name}`,
        message: `is missing: ${by} needs ${names.length > 1 ? oneOf(names) : "it"}; add it (${variable?.about ?? ""}), or remove what needs it`,
      };
}

/** Two variables may lack the same third. */
const withoutTwins = (faults: readonly Fault[]): Fault[] =>
  faults.filter(({ path }, index) => faults.findIndex((other) => other.path === path) === index);

/** Faults of the key federation. */
export function federationFaults({ mode, authorizedFetch }: ParsedConfig["federation"]): Fault[] {
  return mode === "limited" && authorizedFetch === false
    ? [
        {
          path: "federation.authorizedFetch",
          message:
            "false contradicts mode: limited, in which every request from another server must be signed; remove one of them",
        },
      ]
    : [];
}
