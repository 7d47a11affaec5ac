/** A word as a shell reads it back unchanged. */
export const quote = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

export const commandLine = (words: readonly string[]): string => words.map(quote).join(" ");
