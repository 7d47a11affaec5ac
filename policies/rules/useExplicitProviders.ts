import { define, type Rule } from "../rule";

const { policy, message } = define({
  name: "use-explicit-providers",
  demands: "Every resource is made by a provider of the program.",
  remedy: "pass the provider on, by provider or by the parent's providers",
  severity: "critical",
  parameters: {},
});

/** What Pulumi makes by itself is called `default`, with the version of its plugin. */
const isDefault = (name: string): boolean => /^default(_|$)/.test(name);

/** A default provider works on the operator's own machine, whatever host the stack is for. */
export const useExplicitProviders: Rule = {
  ...policy,
  validateResource: ({ name, type, provider }, report) => {
    if (type.startsWith("pulumi:providers:") && isDefault(name))
      report(message(name, "is made for resources that name no provider"));
    if (provider !== undefined && isDefault(provider.name))
      report(message(name, `is made by the default provider (${provider.type})`));
  },
};
