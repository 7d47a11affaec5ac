const units: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Nanoseconds of a Go duration such as `1m30s`; undefined if it is none. */
export function nanoseconds(duration: string): number | undefined {
  const [, sign, rest = ""] = /^([+-]?)(.*)$/.exec(duration) ?? [];
  if (rest === "0") return 0;
  if (!/^((\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h))+$/.test(rest)) return undefined;
  let total = 0;
  for (const [, value, unit = ""] of rest.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(value) * (units[unit] ?? 0);
  }
  return Math.round(sign === "-" ? -total : total);
}

export function durationFault(duration: string): string | undefined {
  const value = nanoseconds(duration);
  if (value === undefined) return `'${duration}' is not a valid duration`;
  return value < 0 ? `'${duration}' duration must not be negative` : undefined;
}

/** A duration as Go writes it, which is how the provider reads it back: 90 s are `1m30s`. */
export function goDuration(value: number): string {
  if (value === 0) return "0s";
  for (const [unit, next] of [
    ["ns", 1e3],
    ["µs", 1e6],
    ["ms", 1e9],
  ] as const) {
    if (value < next) return `${value / (units[unit] ?? 1)}${unit}`;
  }
  const hours = Math.floor(value / 3600e9);
  const minutes = Math.floor((value % 3600e9) / 60e9);
  const seconds = `${(value % 60e9) / 1e9}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
