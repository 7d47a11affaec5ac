import { publishAtGatewayOnly } from "../../../policies/rules/publishAtGatewayOnly";
import { container } from "../../support/compliant";
import { unknownValue } from "../../support/policies";
import { specify } from "../../support/policySpec";

const publishing = (port: object) => ({ ports: [port] });
const https = { internal: 8443, external: 443, ip: "0.0.0.0" };

specify(publishAtGatewayOnly, {
  passes: {
    "no port": [container("web")],
    "an empty list": [container("web", { ports: [] })],
    "HTTPS at the gateway": [container("gateway", publishing(https))],
    "a port of one's own at the gateway": [
      container("gateway", publishing({ internal: 8080, external: 9000, ip: "127.0.0.1" })),
    ],
    "a gateway of another name": {
      resources: [container("proxy", publishing(https))],
      set: { gateways: ["proxy"] },
    },
    "a privileged port that its owner allows": {
      resources: [container("gateway", publishing({ ...https, external: 853 }))],
      set: { privilegedPorts: [853] },
    },
  },
  refuses: {
    "a port of the database": [
      [container("postgres", publishing({ internal: 5432, external: 5432, ip: "127.0.0.1" }))],
      "instance-postgres publishes port 5432",
    ],
    "a port that the engine chooses": [
      [container("web", publishing({ internal: 3000 }))],
      "publishes port 3000",
    ],
    "all ports": [[container("gateway", { publishAllPorts: true })], "publishes every port"],
    "another privileged port of the gateway": [
      [container("gateway", publishing({ ...https, external: 22 }))],
      "publishes the privileged port 22",
    ],
  },
  leavesOpen: {
    "ports that are not known": [container("web", { ports: unknownValue.list })],
    "a port of the gateway that is not known": [
      container("gateway", publishing({ ...https, external: unknownValue.number })),
    ],
  },
});
