import { closeFirewall } from "../../../policies/rules/closeFirewall";
import { container, firewall, opened, server } from "../../support/compliant";
import { unknownValue } from "../../support/policies";
import { specify } from "../../support/policySpec";

const gateway = container("gateway", {
  ports: [
    { internal: 80, external: 80, ip: "0.0.0.0" },
    { internal: 443, external: 443, ip: "0.0.0.0" },
    { internal: 443, external: 443, ip: "0.0.0.0", protocol: "udp" },
  ],
});
const ssh = opened("22");
const web = [opened("80"), opened("443"), opened("443", "udp")];

specify(closeFirewall, {
  passes: {
    "SSH and what the gateway answers": [server(), firewall(ssh, ...web), gateway],
    "SSH alone, where visitors come through a tunnel": [server(), firewall(ssh)],
    "a firewall that lets nothing in": [server(), firewall()],
    "what goes out": [server(), firewall(ssh, { ...opened("25"), direction: "out" })],
    "a server whose firewall is not made yet": [server({ firewallIds: [unknownValue.number] })],
    "what its owner opens": {
      resources: [firewall(opened("51820", "udp"))],
      set: { open: ["51820/udp"], unpublished: ["51820/udp"] },
    },
  },
  refuses: {
    "a port that is not of the edge": [
      [firewall(ssh, opened("5432")), gateway],
      "instance-firewall lets in 5432/tcp:",
    ],
    "a port by another protocol": [[firewall(opened("22", "udp"))], "lets in 22/udp:"],
    "all ports": [[firewall(opened("any"))], "lets in any/tcp:"],
    "many ports": [[firewall(opened("1-65535"))], "lets in 1-65535/tcp:"],
    "a protocol without ports": [
      [firewall({ direction: "in", protocol: "gre", sourceIps: ["0.0.0.0/0"] })],
      "lets in gre:",
    ],
    "HTTPS that no container answers": [
      [firewall(ssh, opened("443")), container("web")],
      "instance-firewall lets in 443/tcp, which nothing answers",
    ],
    "a server behind no firewall": [
      [server({ firewallIds: undefined })],
      "instance-server is behind no firewall",
    ],
    "a server behind none of many": [[server({ firewallIds: [] })], "is behind no firewall"],
  },
  leavesOpen: {
    "firewalls that are not known": [server({ firewallIds: unknownValue.list })],
  },
});
