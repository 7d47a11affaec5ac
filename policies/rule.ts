import type {
  EnforcementLevel,
  Policy,
  PolicyConfigSchema,
  ResourceValidationPolicy,
  Severity,
  StackValidationArgs,
  StackValidationPolicy,
} from "@pulumi/policy";

/** One rule: of single resources, of the stack as a whole, or of both. */
export type Rule = ResourceValidationPolicy & Partial<StackValidationPolicy>;

type Schema = PolicyConfigSchema["properties"][string];

/** What the owner of a stack may set of a rule, with what holds where nothing is set. */
export type Parameters<Values extends object> = {
  readonly [Name in keyof Values]-?: Schema & {
    readonly description: string;
    readonly default: Values[Name];
  };
};

export interface Definition<Values extends object> {
  /** That of its file, in kebab case. */
  readonly name: string;
  /** A sentence that holds of everything that is compliant. */
  readonly demands: string;
  /** What to do where it does not hold: the end of a sentence that says what is wrong. */
  readonly remedy: string;
  readonly severity: Severity;
  /** The rules of others that it follows, such as `CIS 5.4`. Default: none. */
  readonly from?: readonly string[];
  /** Default: that of the pack, `mandatory`. */
  readonly level?: EnforcementLevel;
  readonly parameters: Parameters<Values>;
}

/** What the runtime hands to a rule, as far as it is needed to read its parameters. */
interface Configured {
  readonly getConfig: StackValidationArgs["getConfig"];
}

interface Defined<Values extends object> {
  readonly policy: Policy;
  /** The rule's parameters for this run. */
  readonly read: (args: Configured) => Values;
  /** @param what is wrong with the resource of that name, as the rest of a sentence */
  readonly message: (resource: string, what: string) => string;
}

/** Turns a rule's definition into what the runtime asks of one, and what the rule itself needs. */
export function define<Values extends object>(definition: Definition<Values>): Defined<Values> {
  const { name, demands, remedy, severity, from, level, parameters } = definition;
  const schemas = parameters as Readonly<Record<string, Schema>>;
  const defaults = Object.fromEntries(
    Object.entries(schemas).map(([key, schema]) => [key, schema.default]),
  ) as Values;
  return {
    policy: {
      name,
      description: demands,
      severity,
      remediationSteps: remedy,
      ...(from === undefined ? {} : { tags: [...from] }),
      ...(level === undefined ? {} : { enforcementLevel: level }),
      ...(Object.keys(schemas).length === 0 ? {} : { configSchema: { properties: schemas } }),
    },
    read: (args) => ({ ...defaults, ...args.getConfig<Partial<Values>>() }),
    message: (resource, what) => `${resource} ${what}: ${remedy}.`,
  };
}
