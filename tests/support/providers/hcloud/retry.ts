/** How long to wait before a try, in milliseconds; tests of retries put in their own. */
export type Sleep = (milliseconds: number, signal: AbortSignal) => Promise<void>;

const second = 1000;
const minute = 60 * second;

export const sleep: Sleep = (milliseconds, signal) =>
  new Promise((resolve, reject) => {
    const canceled = (): void => {
      clearTimeout(timer);
      reject(new Error("context canceled"));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", canceled);
      resolve();
    }, milliseconds);
    if (signal.aborted) canceled();
    else signal.addEventListener("abort", canceled, { once: true });
  });

/** Doubles with each retry, up to a minute. */
export function exponential(base: number): (retries: number) => number {
  return (retries) => Math.min(minute, base * 2 ** retries);
}

/** Before a request is sent again: doubles from one second on, with jitter, so that clients do not come back together. */
export function requestDelay(retries: number): number {
  const longest = exponential(second)(retries);
  return (longest - second) * Math.random() + second;
}

/** The number of tries that the original usually makes. */
export const usualTries = 5;

/**
 * Tries something again while its error is one of those that go away; after the last try as well it waits, as the
 * original does.
 */
export async function retry<Result>(
  tries: number,
  goesAway: (error: unknown) => boolean,
  wait: (milliseconds: number) => Promise<void>,
  attempt: () => Promise<Result>,
): Promise<Result> {
  let last: unknown;
  for (let tried = 0; tried < tries; tried++) {
    try {
      return await attempt();
    } catch (error) {
      if (!goesAway(error)) throw error;
      last = error;
      await wait(exponential(second)(tried));
    }
  }
  throw last;
}
