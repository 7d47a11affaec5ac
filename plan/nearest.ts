/** The known word that a misspelt one most likely stands for, if any is near enough to be worth naming. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const plain = plainOf(word);
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(plain, plainOf(candidate)) }))
    .sort((left, right) => left.distance - right.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(1, Math.floor(best.candidate.length / 3))
    ? best.candidate
    : undefined;
}

const plainOf = (word: string): string => word.toLowerCase().replaceAll(/[_-]/g, "");

/** How many letters must be added, dropped, changed or swapped with their neighbour. */
function editDistance(from: string, to: string): number {
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 0; i < from.length; i += 1) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j += 1) {
      const swapped = from[i] === to[j - 1] && from[i - 1] === to[j];
      next.push(
        Math.min(
          (next[j] ?? 0) + 1,
          (row[j + 1] ?? 0) + 1,
          (row[j] ?? 0) + (from[i] === to[j] ? 0 : 1),
          swapped && i > 0 && j > 0 ? (before[j - 1] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    before = row;
    row = next;
  }
  return row[to.length] ?? 0;
}
