/** Locations of the network zone eu-central. */
export const locations = [
  location(1, "fsn1", "Falkenstein DC Park 1", "DE", "Falkenstein", 50.47612, 12.370071),
  location(2, "nbg1", "Nuremberg DC Park 1", "DE", "Nuremberg", 49.452102, 11.076665),
  location(3, "hel1", "Helsinki DC Park 1", "FI", "Helsinki", 60.169855, 24.938379),
] as const;

export type Location = (typeof locations)[number];

/** A few of the server types on offer, and one, cx22, that no longer is. */
export const serverTypes = [
  serverType(22, "cx22", "x86", 2, 4, 40, "2026-01-01T00:00:00Z"),
  serverType(114, "cx23", "x86", 2, 4, 40),
  serverType(115, "cx33", "x86", 4, 8, 80),
  serverType(116, "cx43", "x86", 8, 16, 160),
  serverType(109, "cpx22", "x86", 2, 4, 80),
  serverType(110, "cpx32", "x86", 4, 8, 160),
  serverType(45, "cax11", "arm", 2, 4, 40),
  serverType(93, "cax21", "arm", 4, 8, 80),
  serverType(94, "cax31", "arm", 8, 16, 160),
] as const;

export type ServerType = (typeof serverTypes)[number];

export const images = [
  image(114690387, "debian-12", "debian", "12", "x86"),
  image(114690389, "debian-12", "debian", "12", "arm"),
  image(310557660, "debian-13", "debian", "13", "x86"),
  image(310557661, "debian-13", "debian", "13", "arm"),
  image(161547269, "ubuntu-24.04", "ubuntu", "24.04", "x86"),
  image(161547270, "ubuntu-24.04", "ubuntu", "24.04", "arm"),
] as const;

export type Image = (typeof images)[number];

type Architecture = "x86" | "arm";

function location(
  id: number,
  name: string,
  description: string,
  country: string,
  city: string,
  latitude: number,
  longitude: number,
) {
  const network_zone = "eu-central";
  return { id, name, description, country, city, latitude, longitude, network_zone };
}

function serverType(
  id: number,
  name: string,
  architecture: Architecture,
  cores: number,
  memory: number,
  disk: number,
  unavailableAfter?: string,
) {
  const deprecation =
    unavailableAfter === undefined
      ? null
      : { announced: "2025-10-01T00:00:00Z", unavailable_after: unavailableAfter };
  return {
    id,
    name,
    description: name.toUpperCase(),
    category: name.startsWith("cpx") ? "Regular Performance" : "Cost-Optimized",
    cores,
    memory,
    disk,
    deprecated: deprecation !== null,
    deprecation,
    prices: [],
    storage_type: "local",
    cpu_type: "shared",
    architecture,
    included_traffic: 0,
    locations: locations.map((place) => ({
      id: place.id,
      name: place.name,
      deprecation,
      recommended: deprecation === null,
      available: deprecation === null,
    })),
  };
}

function image(
  id: number,
  name: string,
  os_flavor: string,
  os_version: string,
  architecture: Architecture,
) {
  return {
    id,
    type: "system",
    status: "available",
    name,
    description: name,
    image_size: null,
    disk_size: 5,
    created: "2025-08-12T00:00:00Z",
    created_from: null,
    bound_to: null,
    os_flavor,
    os_version,
    rapid_deploy: true,
    protection: { delete: false },
    deprecated: null,
    deleted: null,
    labels: {},
    architecture,
  };
}
