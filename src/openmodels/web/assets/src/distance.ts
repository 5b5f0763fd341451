// How far two words are apart, where the search by patterns finds nothing.

/** How many slips a word of this length may hold: each is a letter too many, missing, wrong, or swapped. */
export function allowedSlips(length: number): number {
  if (length < 3) return 0;
  return length < 6 ? 1 : 2;
}

/** The least number of slips between `term` and any beginning of `word`, if it is `most` or less; else null.
 * Optimal string alignment: swapped neighbours are one slip. */
export function slipsToPrefix(term: string, word: string, most: number): number | null {
  const width = Math.min(word.length, term.length + most);
  let before: number[] = [];
  let last = Array.from({ length: width + 1 }, (_, j) => j);
  for (let i = 1; i <= term.length; i++) {
    const row = [i];
    for (let j = 1; j <= width; j++) {
      const same = term[i - 1] === word[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && term[i - 1] === word[j - 2] && term[i - 2] === word[j - 1]) {
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      }
      row.push(cost);
    }
    if (Math.min(...row) > most) return null;
    before = last;
    last = row;
  }
  const least = Math.min(...last);
  return least <= most ? least : null;
}

/** The slips of all terms together, each against the word nearest to it; null where one is too far from all. */
export function slipsOf(terms: readonly string[], words: readonly string[]): number | null {
  let sum = 0;
  for (const term of terms) {
    const found = words.flatMap((word) => slipsToPrefix(term, word, allowedSlips(term.length)) ?? []);
    if (found.length === 0) return null;
    sum += Math.min(...found);
  }
  return sum;
}
