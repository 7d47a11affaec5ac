import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Builder } from "./builder";
import { makeContext, type Recipe } from "./recipes";

/** Where the Dockerfiles look for a parent. */
export const localName = (name: string): string => `rehearsal/${name}:latest`;

/**
 * Builds one image and tags it with its local name. Its parent must be in the engine, and the kernel able to run the
 * programs of its architecture.
 * @returns the tag that it is to have in the registry
 */
export async function buildImage(recipe: Recipe, docker: Builder): Promise<string> {
  const scratch = await mkdtemp(path.join(tmpdir(), "rehearsal-image-"));
  try {
    await docker(
      "build",
      "--network=host",
      "--force-rm",
      // Of the base, whose parent has none; an import would take it to be of the engine's.
      `--platform=linux/${recipe.architecture}`,
      `--tag=${localName(recipe.name)}`,
      await makeContext(recipe, scratch),
    );
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
