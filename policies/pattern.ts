/** Whether a name is meant by one that may end in an asterisk: `sidekiq-*` is all that begin so. */
export const means = (pattern: string, name: string): boolean =>
  pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
