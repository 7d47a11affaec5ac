import path from "node:path";
import { project } from "./folders.mjs";

/** Commands of Pulumi that run the program, and take packs of policies to judge it by. */
const judged = ["up", "update", "preview", "watch"];

const pack = path.join(project, "toolchain/policies");

/**
 * Has a command of Pulumi judge what it is about to do by the project's policies, which must have been compiled.
 * @param {string} name of the command
 * @returns {string[]} further arguments for it
 */
export const policyArguments = (name) => (judged.includes(name) ? ["--policy-pack", pack] : []);
