import { Container, type ContainerArgs } from "@pulumi/docker/container";
import { validateResourceOfType } from "@pulumi/policy";
import type { Unwrap } from "@pulumi/pulumi";
import { exceptions, exceptionsFor, type Exception } from "./exceptions";
import { define, type Definition, type Rule } from "./rule";
import { elements, orUnknown, unknown } from "./unknown";

/** A container as the program asks for it. */
export type ContainerInputs = Unwrap<ContainerArgs>;

/** The label by which a container says what it is. */
const partLabel = "org.joinmastodon.part";

interface Labelled {
  readonly labels?: readonly { readonly label: string; readonly value: string }[] | undefined;
}

/** What a container, network or volume is, as its label says; without one, nothing that an exception is made for. */
export const partOf = ({ labels = [] }: Labelled): string =>
  labels.find(({ label }) => label === partLabel)?.value ?? "";

/** The variables of a container whose values are known, by name. */
export const variablesOf = (envs: readonly string[] | undefined): ReadonlyMap<string, string> =>
  new Map(
    elements(envs).flatMap((entry): [string, string][] => {
      if (entry === unknown) return [];
      const end = entry.indexOf("=");
      return end < 0 ? [] : [[entry.slice(0, end), entry.slice(end + 1)]];
    }),
  );

/** An exception that the owner of a stack makes. */
type OwnException = Omit<Exception, "rule">;

interface Granted {
  readonly exceptions: readonly OwnException[];
}

const granted = {
  exceptions: {
    description: "Further containers that are let be as they are, each with its reason.",
    type: "array",
    items: {
      type: "object",
      required: ["parts", "reason"],
      additionalProperties: false,
      properties: {
        parts: { type: "array", minItems: 1, items: { type: "string" } },
        having: { type: "string" },
        allows: { type: "array", items: { type: "string" } },
        reason: { type: "string", minLength: 10 },
      },
    },
    default: [],
  },
} as const;

interface ContainerDefinition<Values extends object> extends Definition<Values> {
  /**
   * @param context the rule's parameters, what the container is, and what an exception allows it by name
   * @returns what is wrong with it, each as the rest of a sentence that begins with its name
   */
  readonly faults: (
    container: ContainerInputs,
    context: Values & { readonly part: string; readonly allowed: readonly string[] },
  ) => readonly string[];
}

/** A rule for every container, from which single ones may be excepted with a reason. */
export function containerRule<Values extends object>({
  faults,
  ...definition
}: ContainerDefinition<Values>): Rule {
  const { policy, read, message } = define<Values & Granted>({
    ...definition,
    parameters: { ...definition.parameters, ...granted } as Definition<
      Values & Granted
    >["parameters"],
  });
  return {
    ...policy,
    validateResource: validateResourceOfType(Container, (container, args, report) => {
      const values = read(args);
      const part = partOf(container);
      const own = values.exceptions.map((exception) => ({ ...exception, rule: policy.name }));
      // Where nothing is known of its variables, no exception rests on one.
      const envs = orUnknown(() => container.envs);
      const names = envs === unknown ? [] : [...variablesOf(envs).keys()];
      const made = exceptionsFor(policy.name, part, names, [...exceptions, ...own]);
      if (made.some(({ allows }) => allows === undefined)) return;
      const allowed = made.flatMap(({ allows = [] }) => allows);
      for (const fault of faults(container, { ...values, part, allowed }))
        report(message(args.name, fault));
    }),
  };
}
