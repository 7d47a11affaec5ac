import { existsSync } from "node:fs";
import path from "node:path";

/** The project's folder, seen from the sources as well as from `dist/`. */
export const projectFolder = ((folder: string): string => {
  while (!existsSync(path.join(folder, "package.json"))) folder = path.dirname(folder);
  return folder;
})(__dirname);
