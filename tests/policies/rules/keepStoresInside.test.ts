import { keepStoresInside } from "../../../policies/rules/keepStoresInside";
import { container, network } from "../../support/compliant";
import { unknownValue } from "../../support/policies";
import { specify } from "../../support/policySpec";

const notMade = { networksAdvanced: [{ name: unknownValue.string, aliases: ["postgres"] }] };
const two = { networksAdvanced: [{ name: "0123456789ab" }, { name: "ba9876543210" }] };
const open = network({ internal: false });

specify(keepStoresInside, {
  passes: {
    "a store on an internal network": [network(), container("postgres")],
    "one on a network that is not made yet": [network(), container("postgres", notMade)],
    "one with the mode that the provider fills in": [
      network(),
      container("postgres", { networkMode: "bridge" }),
    ],
    "another container on any": [open, container("web", two)],
  },
  refuses: {
    "a store on two networks": [
      [network(), container("redis", two)],
      "instance-redis is on another network than the internal one",
    ],
    "a store on no network of the stack": [
      [container("search", { networksAdvanced: undefined })],
      "is on another network than the internal one",
    ],
    "a store on the host's network": [
      [network(), container("postgres", { networkMode: "host" })],
      "is on another network than the internal one",
    ],
    "a store on a network that leads outside": [
      [open, container("postgres")],
      "instance-postgres is on a network that leads outside",
    ],
    "one that is not made yet, on such a network": [
      [open, container("postgres", notMade)],
      "is on a network that leads outside",
    ],
    "a store on a network of others": [
      [network(), container("postgres", {}, { propertyDependencies: {} })],
      "is on a network that is none of the stack's",
    ],
    "a store that publishes a port": [
      [network(), container("postgres", { ports: [{ internal: 5432 }] })],
      "instance-postgres publishes a port",
    ],
    "a store of another name": [
      { resources: [open, container("database")], set: { stores: ["database"] } },
      "instance-database is on a network that leads outside",
    ],
  },
  leavesOpen: {
    "networks that are not known": [
      network(),
      container("postgres", { networksAdvanced: unknownValue.list }),
    ],
    "a network of which it is not known": [
      network({ internal: unknownValue.boolean }),
      container("postgres"),
    ],
  },
});
