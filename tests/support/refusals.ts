import { ConfigError, parseConfig, type Fault } from "../../plan";

/** The faults of a configuration, none where it is accepted; anything else that is thrown goes through. */
export function faultsOf(...configuration: Parameters<typeof parseConfig>): readonly Fault[] {
  try {
    parseConfig(...configuration);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

/** @param expected every fault, in any order: its path, and words that its message must hold */
export function expectFaults(
  found: readonly Fault[],
  expected: readonly (readonly [path: string, ...words: string[]])[],
): void {
  expect(found.map(({ path }) => path).sort()).toEqual(expected.map(([path]) => path).sort());
  for (const [path, ...words] of expected) {
    const message = found.find((fault) => fault.path === path)?.message;
    for (const word of words) expect(message).toContain(word);
  }
}
