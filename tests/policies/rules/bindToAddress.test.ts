import { bindToAddress } from "../../../policies/rules/bindToAddress";
import { container } from "../../support/compliant";
import { unknownValue } from "../../support/policies";
import { specify } from "../../support/policySpec";

const at = (external: number | string, ip?: string) =>
  container("gateway", { ports: [{ internal: 8080, external, ...(ip !== undefined && { ip }) }] });

specify(bindToAddress, {
  passes: {
    "no port": [container("web")],
    "a port of this machine alone": [at(8443, "127.0.0.1")],
    "a port in a network of one's own": [at(8080, "192.168.1.20")],
    "HTTPS for everybody": [at(443, "0.0.0.0"), at(80, "::")],
    "another port that is for everybody": {
      resources: [at(8080, "0.0.0.0")],
      set: { ports: [8080] },
    },
  },
  refuses: {
    "a port at every address": [
      [at(8080, "0.0.0.0")],
      "instance-gateway publishes port 8080 at every address",
    ],
    "a port at every address of IPv6": [[at(8080, "::")], "publishes port 8080 at every address"],
    "a port of which nothing is said": [[at(8080)], "publishes port 8080 at every address"],
  },
  leavesOpen: {
    "an address that is not known": [at(8080, unknownValue.string)],
    "a port that is not known": [at(unknownValue.number, "0.0.0.0")],
  },
});
