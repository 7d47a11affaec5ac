import { Secret } from "@pulumi/policy";
import { define, type Rule } from "../rule";
import { isUnknown } from "../unknown";

const { policy, read, message } = define<{ readonly names: readonly string[] }>({
  name: "mark-secrets",
  demands:
    "Every password, key and token is marked as a secret, so that the state holds it encrypted.",
  remedy: "wrap it in pulumi.secret(), or take it from Secrets",
  severity: "critical",
  from: ["OWASP 12"],
  // Marks are shown to remediations alone. This one changes nothing: what it sees is refused right after.
  level: "remediate",
  parameters: {
    names: {
      description: "Further inputs and variables that hold a secret, as PASSWORD does.",
      type: "array",
      items: { type: "string" },
      default: [],
    },
  },
});

const endings = [
  "PASS(WORD|WD|PHRASE)?",
  "SECRET",
  "TOKEN",
  "CREDENTIALS?",
  "(PRIVATE|SECRET|API|ACCESS|HMAC)_KEY(_ID|_BASE)?",
  "USER_DATA",
  "OTLP(_TRACES)?_HEADERS",
].join("|");

const secretName = new RegExp(`(^|_)(${endings})$|^ACTIVE_RECORD_ENCRYPTION_`);

/** `apiToken` and `api-token` as `API_TOKEN`. */
const spelled = (name: string): string =>
  name
    .replaceAll(/([a-z\d])([A-Z])/g, "$1_$2")
    .replaceAll("-", "_")
    .toUpperCase();

/** A name that says that its value is secret, and a value that is not only the place of one. */
const isSecret = (name: string, value: string, names: readonly string[]): boolean =>
  (secretName.test(spelled(name)) || names.includes(name)) &&
  !name.startsWith("FILE__") &&
  value !== "" &&
  !value.startsWith("/run/");

/** Read past the runtime's proxies, which hide the marks. */
const entriesOf = (value: object): [name: string, value: unknown][] =>
  Object.entries(Object.getOwnPropertyDescriptors(value)).flatMap(
    ([name, { value: each, enumerable }]): [string, unknown][] =>
      enumerable === true ? [[name, each]] : [],
  );

/**
 * The names under which something holds what should be secret and is not marked so. What a preview does not know has no
 * mark yet: it is judged in the update, before its resource is made.
 */
function unmarkedIn(name: string, value: unknown, names: readonly string[]): string[] {
  if (value instanceof Secret || isUnknown(value)) return [];
  if (typeof value === "string") {
    const [, variable = name, content = value] =
      (name === "envs" && /^(\w+)=([^]*)$/.exec(value)) || [];
    return isSecret(variable, content, names) ? [variable] : [];
  }
  if (typeof value !== "object" || value === null) return [];
  const entries = entriesOf(value);
  const file = entries.find(([key]) => key === "file")?.[1];
  return entries.flatMap(([key, each]) =>
    // A file's content is as secret as the file's name says; elements are named as their list.
    unmarkedIn(nameOf(key, name, file), each, names),
  );
}

function nameOf(key: string, list: string, file: unknown): string {
  if (key === "content" && typeof file === "string")
    return file.startsWith("/run/secrets/") ? "SECRET" : (file.split("/").at(-1) ?? key);
  return /^\d+$/.test(key) ? list : key;
}

/** What was seen of each resource when its marks were shown. */
const seen = new Map<string, readonly string[]>();

/** A secret that lost its mark lies open in the state, and in what every preview prints: OWASP rule 12. */
export const markSecrets: Rule = {
  ...policy,
  remediateResource: (args) => {
    seen.set(args.urn, unmarkedIn("", args.props, read(args).names));
  },
  validateResource: ({ urn, name }, report) => {
    const unmarked = seen.get(urn);
    seen.delete(urn);
    if (unmarked === undefined)
      report(`${name} was not looked at: leave this rule at the level remediate, or disable it.`);
    for (const each of new Set(unmarked)) report(message(name, `holds ${each} in clear`));
  },
};
