/** One event of a resource: its sign, type, name, and what happened. */
const event = /^ [ +~-]{1,3} *(\S+:\S+:\S+) (\S+) (.*)$/;

/** Made in no time, and many: their names say nothing to who waits for an instance. */
const quiet = /^(random:|pulumi:providers:|pulumi:pulumi:|mastodon:index:)/;

const longest = 300;

/**
 * Thins out what Pulumi prints where there is no terminal to draw on: what was made, changed or removed, faults and the
 * summary stay.
 * @param {(line: string) => void} print
 * @returns {(line: string) => void}
 */
export function shortened(print) {
  let lastBlank = true;
  return (line) => {
    if (isNoise(line)) return;
    const blank = line.trim() === "";
    if (!(blank && lastBlank)) print(line.length > longest ? `${line.slice(0, longest)} …` : line);
    lastBlank = blank;
  };
}

/**
 * @param {string} line
 * @returns {boolean}
 */
export function isNoise(line) {
  if (/^@ (updating|refreshing|previewing|destroying)|^Loading policy packs/.test(line))
    return true;
  const [, type = "", , status = ""] = event.exec(line) ?? [];
  // A fault comes again, and wholly, among the diagnostics.
  return type !== "" && (quiet.test(type) || !/^(created|updated|deleted|replaced)\b/.test(status));
}
