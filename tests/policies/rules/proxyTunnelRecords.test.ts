import { proxyTunnelRecords } from "../../../policies/rules/proxyTunnelRecords";
import { record } from "../../support/compliant";
import { unknownValue } from "../../support/policies";
import { specify } from "../../support/policySpec";

specify(proxyTunnelRecords, {
  passes: {
    "a record of a tunnel that is proxied": [record()],
    "one of a tunnel that is not made yet": [record({ content: unknownValue.string })],
    "one of an address that is not proxied": [
      record({ type: "A", content: "203.0.113.10", proxied: false }),
    ],
  },
  refuses: {
    "a record of a tunnel that is not proxied": [
      [record({ proxied: false })],
      "instance-dns leads past Cloudflare to t1.cfargotunnel.com",
    ],
    "one that does not say": [[record({ proxied: undefined })], "leads past Cloudflare"],
  },
  leavesOpen: {
    "a record that is not proxied, and may be of a tunnel": [
      record({ proxied: false, content: unknownValue.string }),
    ],
    "one of which it is not known": [record({ proxied: unknownValue.boolean })],
  },
});
