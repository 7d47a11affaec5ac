import { compile } from "./compile.mjs";
import { examplePlanOf, loadCompiled } from "./plan.mjs";
import { command, say, UserError } from "./report.mjs";
import { defaultStack, hasStackFile } from "./stack.mjs";
import { parseArguments } from "./pulumiArguments.mjs";
import { ensurePackages } from "./workspace.mjs";

/** `npm run plan`: what a stack will be, each figure with its reason, without asking or changing anything. */
await command(async () => {
  const args = process.argv.slice(2);
  const { stack = defaultStack } = parseArguments(["plan", ...args]);
  if (!(await hasStackFile(stack)))
    throw new UserError(
      `There is no Pulumi.${stack}.yaml. Name a stack that has one: npm run plan -- --stack dev`,
    );
  await ensurePackages();
  await compile();
  const { plan, open } = await examplePlanOf(stack);
  const { aligned, explainContainers, explainSizing } =
    /** @type {typeof import("../plan/index.js")} */ (loadCompiled("plan/index"));
  const containers = explainContainers(plan);
  say(
    [
      `${plan.url}, as ${plan.adminUsername}, on ${whereOf(plan.host)}`,
      "",
      ...aligned(explainSizing(plan.sizing).map(({ what, value, why }) => [what, value, why])),
      "",
      ...aligned(
        containers.map(({ name, image, memory, networks }) => [name, memory, networks, image]),
      ),
      "",
      ...containers.flatMap(({ name, exceptions }) =>
        exceptions.map((text) => `${name} is ${text}`),
      ),
      "",
      ...(open.length === 0
        ? []
        : [`Shown with examples, and yet to be filled in: ${open.join(", ")}.`]),
      "Memory and cores are those of the stack file or of its kind of hardware: an engine that is there is asked by `up`.",
    ].join("\n"),
  );
  return 0;
});

/** @param {import("../plan/index.js").Plan["host"]} host */
function whereOf(host) {
  if (host.kind === "hetzner") return `a new ${host.serverType} at Hetzner (${host.location})`;
  return host.kind === "ssh" ? host.endpoint : "this machine";
}
