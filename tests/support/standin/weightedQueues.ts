import { BootError } from "./environment";

/** A queue and how often it is asked first, relative to the others. */
export interface WeightedQueue {
  readonly name: string;
  readonly weight: number;
}

/** What Mastodon's own configuration names, used when the command line names none. */
const defaultQueues: readonly WeightedQueue[] = [
  { name: "default", weight: 8 },
  { name: "push", weight: 6 },
  { name: "ingress", weight: 4 },
  { name: "mailers", weight: 2 },
  { name: "pull", weight: 1 },
  { name: "scheduler", weight: 1 },
  { name: "fasp", weight: 1 },
];

/**
 * Reads `sidekiq [-c N] [-q NAME[,WEIGHT]]…`.
 * @throws BootError for anything else
 */
export function parseSidekiqArguments(args: readonly string[]): {
  concurrency?: number;
  queues: readonly WeightedQueue[];
} {
  const queues: WeightedQueue[] = [];
  let concurrency: number | undefined;
  const rest = args.flatMap((arg) => splitOption(arg));
  while (rest.length > 0) {
    const option = rest.shift() ?? "";
    const value = rest.shift();
    if (value === undefined)
      throw new BootError(`missing argument: ${option} (OptionParser::MissingArgument)`);
    if (option === "-c" || option === "--concurrency") {
      if (!/^[1-9]\d*$/.test(value))
        throw new BootError(
          `invalid value for Integer(): ${JSON.stringify(value)} (ArgumentError)`,
        );
      concurrency = Number(value);
    } else if (option === "-q" || option === "--queue") {
      const [name = "", weight = "1"] = value.split(",");
      if (name === "" || !/^\d+$/.test(weight))
        throw new BootError(`invalid argument: ${option} ${value} (OptionParser::InvalidArgument)`);
      if (queues.some((queue) => queue.name === name))
        throw new BootError(`queues: ${name} cannot be defined twice (ArgumentError)`);
      queues.push({ name, weight: Math.max(1, Number(weight)) });
    } else {
      throw new BootError(`invalid option: ${option} (OptionParser::InvalidOption)`);
    }
  }
  return {
    queues: queues.length > 0 ? queues : defaultQueues,
    ...(concurrency !== undefined && { concurrency }),
  };
}

/** `--queue=x` and `-qx` as two words. */
function splitOption(arg: string): string[] {
  const [, option, value] = /^(--[a-z]+)=(.*)$/s.exec(arg) ?? /^(-[cq])(.+)$/s.exec(arg) ?? [];
  return option === undefined || value === undefined ? [arg] : [option, value];
}

/** The order in which queues are asked this time: as given when all weigh the same, else drawn by weight. */
export function drawOrder(
  queues: readonly WeightedQueue[],
  random: () => number = Math.random,
): string[] {
  if (queues.every(({ weight }) => weight === queues[0]?.weight))
    return queues.map(({ name }) => name);
  // The smallest of `weight` draws decides, so a heavier queue tends to come first.
  return queues
    .map(({ name, weight }) => ({ name, rank: 1 - (1 - random()) ** (1 / weight) }))
    .sort((one, other) => one.rank - other.rank)
    .map(({ name }) => name);
}
