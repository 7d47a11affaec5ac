import { endIngressWith404 } from "../../../policies/rules/endIngressWith404";
import { ingress } from "../../support/compliant";
import { changed, unknownValue } from "../../support/policies";
import { specify } from "../../support/policySpec";

const hostname = "social.example.org";
const inside = { hostname, service: "http://gateway:8080" };
const nowhere = { service: "http_status:404" };

specify(endIngressWith404, {
  passes: {
    "names of the instance, and then nowhere": [ingress(inside, nowhere)],
    "nowhere alone": [ingress(nowhere)],
  },
  refuses: {
    "no rules": [[ingress()], "instance-tunnel-config does not end with a rule that leads nowhere"],
    "no configuration": [[changed(ingress(), { config: undefined })], "does not end with a rule"],
    "an end that leads inside": [[ingress(inside)], "does not end with a rule that leads nowhere"],
    "another end": [[ingress(inside, { service: "http_status:503" })], "does not end with a rule"],
    "an end for one name": [
      [ingress(inside, { ...nowhere, hostname })],
      "does not end with a rule",
    ],
    "an end for one path": [[ingress({ ...nowhere, path: "^/x" })], "does not end with a rule"],
    "nowhere before the end": [[ingress(nowhere, inside)], "does not end with a rule"],
    "a rule for every name": [
      [ingress({ service: "http://web:3000" }, nowhere)],
      "leads every name to http://web:3000",
    ],
  },
  leavesOpen: {
    "a configuration that is not known": [changed(ingress(), { config: unknownValue.object })],
    "rules that are not known": [changed(ingress(), { config: { ingresses: unknownValue.list } })],
    "an end that is not known": [ingress(inside, { service: unknownValue.string })],
    "a name that is not known": [ingress({ ...inside, hostname: unknownValue.string }, nowhere)],
  },
});
