import { statfs } from "node:fs/promises";
import path from "node:path";
import { ask } from "./docker.mjs";
import { cache, state } from "./folders.mjs";
import { parseJson } from "./json.mjs";
import { UserError } from "./report.mjs";

const gib = 1024 ** 3;

/**
 * Refuses to begin on a disk that would be full before the end.
 * @param {import("./docker.mjs").Engine} [engine] its own folder is looked at too, where it is on this machine
 */
export async function checkDisk(engine) {
  const places = [
    { place: state, least: 0.1 * gib, holds: "the state" },
    { place: cache, least: 0.5 * gib, holds: "the cache" },
  ];
  if (engine?.socket) {
    const root = await engineRoot(engine.socket);
    if (root) places.push({ place: root, least: 3 * gib, holds: "images and volumes" });
  }
  for (const { place, least, holds } of places) {
    const free = await freeSpace(place);
    if (free !== undefined && free < least) {
      throw new UserError(
        `The disk that holds ${place} (${holds}) has ${inGib(free)} GiB free, and ${inGib(least)} GiB are needed. Free some space and run the same command again.`,
      );
    }
  }
}

/** @param {number} bytes */
const inGib = (bytes) => (bytes / gib).toFixed(1);

/** @param {string} socket */
async function engineRoot(socket) {
  const { status, body } = await ask(socket, "/info", 10_000);
  return status === 200
    ? /** @type {{DockerRootDir: string}} */ (parseJson(body)).DockerRootDir
    : undefined;
}

/**
 * @param {string} place need not exist yet: its nearest existing parent is taken
 * @returns {Promise<number | undefined>} bytes; undefined where it is not on this machine, as in Docker Desktop's
 */
async function freeSpace(place) {
  try {
    const { bavail, bsize } = await statfs(place);
    return bavail * bsize;
  } catch {
    const parent = path.dirname(place);
    return parent === place || parent === "/" ? undefined : freeSpace(parent);
  }
}
