import type { Capacity } from "../sizing";
import type { Architecture } from "./architecture";

/** A kind of server that Hetzner rents out. */
export interface ServerType extends Capacity {
  readonly architecture: Architecture;
}

/** What a server's kernel leaves of the memory that is paid for: of 4 GB, `free` shows 3.7. */
const usable = 0.93;

/** @param memory in GiB, as it is paid for */
const gigabytes = (memory: number, cpus: number, architecture: Architecture): ServerType => ({
  memoryMb: Math.floor(memory * 1024 * usable),
  cpus,
  architecture,
});

/**
 * Hetzner's server types that can be ordered, as its API (`GET /v1/server_types`) listed them in July 2026: CX and CPX
 * share their cores, CAX have shared cores of ARM, CCX have cores of their own.
 */
export const serverTypes: ReadonlyMap<string, ServerType> = new Map(
  Object.entries({
    cx23: gigabytes(4, 2, "amd64"),
    cx33: gigabytes(8, 4, "amd64"),
    cx43: gigabytes(16, 8, "amd64"),
    cx53: gigabytes(32, 16, "amd64"),
    cax11: gigabytes(4, 2, "arm64"),
    cax21: gigabytes(8, 4, "arm64"),
    cax31: gigabytes(16, 8, "arm64"),
    cax41: gigabytes(32, 16, "arm64"),
    cpx11: gigabytes(2, 2, "amd64"),
    cpx12: gigabytes(2, 1, "amd64"),
    cpx21: gigabytes(4, 3, "amd64"),
    cpx22: gigabytes(4, 2, "amd64"),
    cpx31: gigabytes(8, 4, "amd64"),
    cpx32: gigabytes(8, 4, "amd64"),
    cpx41: gigabytes(16, 8, "amd64"),
    cpx42: gigabytes(16, 8, "amd64"),
    cpx51: gigabytes(32, 16, "amd64"),
    cpx52: gigabytes(24, 12, "amd64"),
    cpx62: gigabytes(32, 16, "amd64"),
    ccx13: gigabytes(8, 2, "amd64"),
    ccx23: gigabytes(16, 4, "amd64"),
    ccx33: gigabytes(32, 8, "amd64"),
    ccx43: gigabytes(64, 16, "amd64"),
    ccx53: gigabytes(128, 32, "amd64"),
    ccx63: gigabytes(192, 48, "amd64"),
    // No longer sold to new servers, but an existing one keeps its type.
    cx22: gigabytes(4, 2, "amd64"),
    cx32: gigabytes(8, 4, "amd64"),
    cx42: gigabytes(16, 8, "amd64"),
    cx52: gigabytes(32, 16, "amd64"),
  }),
);

/** Hetzner's locations (`GET /v1/locations`): Falkenstein, Nuremberg, Helsinki, Ashburn, Hillsboro, Singapore. */
export const locations = ["fsn1", "nbg1", "hel1", "ash", "hil", "sin"] as const;

/** The systems that the set-up of a server knows. Hetzner has each of them for both architectures. */
export const serverImages = ["debian-12", "debian-13", "ubuntu-22.04", "ubuntu-24.04"] as const;
