import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { bootstrapDebian } from "./base";
import type { Builder } from "./builder";
import { makeContext, suite, type Recipe } from "./recipes";

/** Where the Dockerfiles look for a parent. */
export const localName = (name: string): string => `rehearsal/${name}:latest`;

/**
 * Builds one image and tags it with its local name. Its parent must be in the engine.
 * @returns the tag that it is to have in the registry
 */
export async function buildImage(recipe: Recipe, docker: Builder): Promise<string> {
  const scratch = await mkdtemp(path.join(tmpdir(), "rehearsal-image-"));
  try {
    if (recipe.parent === undefined) {
      const archive = path.join(scratch, "base.tar");
      await bootstrapDebian(suite, archive);
      await docker("import", "--change", 'CMD ["bash"]', archive, localName(recipe.name));
    } else {
      const context = await makeContext(recipe, scratch);
      await docker(
        "build",
        "--network=host",
        "--force-rm",
        `--tag=${localName(recipe.name)}`,
        context,
      );
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return recipe.tag((program = "", ...args) =>
    docker(
      "run",
      "--rm",
      "--network=none",
      `--entrypoint=${program}`,
      localName(recipe.name),
      ...args,
    ),
  );
}
