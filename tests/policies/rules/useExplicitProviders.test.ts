import { useExplicitProviders } from "../../../policies/rules/useExplicitProviders";
import { container, instance } from "../../support/compliant";
import { resource } from "../../support/policies";
import { specify } from "../../support/policySpec";

const provider = (name: string) => resource("pulumi:providers:docker", name);
const own = provider("instance-docker");
const [plain, versioned] = [provider("default"), provider("default_5_2_0")];

specify(useExplicitProviders, {
  passes: {
    "a provider of the program": [own, container("web", {}, { provider: own.urn })],
    "a component, which has none": [instance({})],
  },
  refuses: {
    "the default provider": [
      [container("web", {}, { provider: plain.urn })],
      "instance-web is made by the default provider (pulumi:providers:docker)",
    ],
    "the default provider of a version": [
      [container("web", {}, { provider: versioned.urn })],
      "instance-web is made by the default provider",
    ],
    "that it is made at all": [[versioned], "default_5_2_0 is made for resources that name no"],
  },
});
