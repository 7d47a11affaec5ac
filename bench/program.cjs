const path = require("node:path");
const { loadSerializersLazily } = require("../toolchain/serializers.cjs");

loadSerializersLazily();
const pulumi = require("@pulumi/pulumi");

// What the compiled program does at its start, under mocks instead of an engine: it loads, plans the default instance and
// registers its resources. The configuration is not read, since that asks Docker for the digests of images.

const dist = path.join(__dirname, "../dist");

/** A test double of the engine: it gives each resource an id, and passwords a value. */
const mocks = {
  /** @param {import("@pulumi/pulumi/runtime/index.js").MockResourceArgs} args */
  newResource: ({ name, type, inputs }) => {
    const given = /** @type {Record<string, unknown>} */ (inputs);
    const isPassword = type === "random:index/randomPassword:RandomPassword";
    const result = isPassword && { result: "1".repeat(Number(given.length)) };
    return { id: name, state: { ...given, ...result } };
  },
  /** @param {import("@pulumi/pulumi/runtime/index.js").MockCallArgs} args */
  call: ({ token }) => {
    throw new Error(`${token} was called: the program asks its providers nothing`);
  },
};

void pulumi.runtime.setMocks(mocks, "mastodon", "dev").then(() => {
  const { makePlan, parseConfig } = /** @type {typeof import("../plan/index.js")} */ (
    require(path.join(dist, "plan"))
  );
  const { Instance } = /** @type {typeof import("../components/index.js")} */ (
    require(path.join(dist, "components"))
  );
  new Instance("mastodon", { plan: makePlan(parseConfig({})), provided: {} });
});
