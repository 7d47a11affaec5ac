import { stopBeforeReplacing } from "../../../policies/rules/stopBeforeReplacing";
import { attachment, container, network, server } from "../../support/compliant";
import { resource, unknownValue } from "../../support/policies";
import { specify } from "../../support/policySpec";

const type = "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared";
const tunnel = (deleteBeforeReplace: boolean) =>
  resource(type, "instance-tunnel", { deleteBeforeReplace });
const first = { deleteBeforeReplace: true };
const last = { deleteBeforeReplace: false };
const { deleteBeforeReplace: _said, ...silent } = container("redis");
const named = { name: "mastodon-gateway" };

specify(stopBeforeReplacing, {
  passes: {
    "stores that stop first": [container("postgres", {}, first), container("redis", {}, first)],
    "a container with a name that stops first": [container("gateway", named, first)],
    "a container that may run beside its successor": [container("web", {}, last)],
    "one whose name the provider makes up": [
      container("web", { name: "instance-web-0a1b2c3" }, last),
      container("streaming", { name: unknownValue.string }, last),
    ],
    "networks, servers, disks and tunnels that go first": [
      network(),
      server(),
      attachment(),
      tunnel(true),
    ],
  },
  refuses: {
    "two databases at once": [
      [container("postgres", {}, last)],
      "instance-postgres would work on the same data as its successor",
    ],
    "a store that does not say": [[silent], "instance-redis would work on the same data"],
    "two search engines at once": [[container("search", {}, last)], "the same data"],
    "another store": [
      { resources: [container("database", {}, last)], set: { stores: ["database"] } },
      "instance-database would work on the same data",
    ],
    "two containers of one name": [
      [container("gateway", named, last)],
      "instance-gateway has the name that its successor wants",
    ],
    "two containers of a name that begins with the logical one": [
      [container("web", { name: "instance-web-proxy" }, last)],
      "instance-web has the name",
    ],
    "two networks of one name": [[network({}, last)], "instance-network has the name"],
    "two servers at one address": [[server({}, last)], "the disk and the addresses"],
    "one disk at two servers": [[attachment(last)], "instance-data-attachment has the disk"],
    "two tunnels of one name": [[tunnel(false)], "instance-tunnel has the name"],
  },
  leavesOpen: {
    "one whose label is not known": [container("postgres", { labels: unknownValue.list })],
  },
});
