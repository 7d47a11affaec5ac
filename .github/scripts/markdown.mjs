/**
 * Text as it was printed. Nothing in it is taken for Markdown, not even a fence of its own.
 * @param {string} text
 * @param {number} [most] characters; of a longer one, what is at its end is left out
 * @returns {string}
 */
export function verbatim(text, most = Infinity) {
  const shown = text.length > most ? `${text.slice(0, most)}\n…` : text;
  const longest = Math.max(2, ...[...shown.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${shown.trimEnd()}\n${fence}`;
}
