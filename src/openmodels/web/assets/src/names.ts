// Finds names: as they are written, then as they may be meant. Nothing here knows of a page.
import uFuzzy from "@leeoniya/ufuzzy";
import { slipsOf } from "./distance";

/** What can be found: by its name, by its id, and by words that are not shown. */
export interface Named {
  name: string;
  id: string;
  also: string;
}

/** What was found, with the parts that match: pairs of indices, from and to, into its name and its id. */
export interface Found<T extends Named> {
  item: T;
  name: number[];
  id: number[];
  /** 0: it is what was written; 1: it begins so; 2: it holds it; 3: it may be meant. */
  tier: number;
}

const MOST_RANKED = 5000;
const PERMUTED = 3;
const NEAR = 2;
// Names come in all writings, not in Latin letters alone.
const LETTERS: uFuzzy.Options = {
  unicode: true,
  interSplit: "[^\\p{L}\\d']+",
  intraSplit: "\\p{Ll}\\p{Lu}",
  intraBound: "\\p{L}\\d|\\d\\p{L}|\\p{Ll}\\p{Lu}",
  intraChars: "[\\p{L}\\d']",
  intraContr: "'\\p{L}{1,2}\\b",
};
const SEPARATOR = "  ";

export class Names<T extends Named> {
  private readonly haystack: string[];
  private readonly words: string[][];
  private readonly exact: uFuzzy;
  private readonly near: uFuzzy;
  private readonly tolerant: uFuzzy;

  constructor(private readonly items: readonly T[]) {
    this.haystack = items.map(({ name, id, also }) => [name, id, also].join(SEPARATOR));
    this.words = this.haystack.map((text) => wordsOf(text));
    const compare = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : 1);
    this.exact = new uFuzzy({ ...LETTERS, compare });
    // What was written as one word, `gpt4o`, stands together: `gpt-4o`.
    this.near = new uFuzzy({ ...LETTERS, compare, interIns: NEAR });
    this.tolerant = new uFuzzy({
      ...LETTERS, compare, intraMode: 1, intraIns: 1, intraSub: 1, intraTrn: 1, intraDel: 1,
    });
  }

  /** The best for a query, best first. What is only similar comes where nothing is the same. */
  find(query: string, limit: number): Found<T>[] {
    const needle = query.trim();
    if (!/[\p{L}\d]/u.test(needle)) return [];
    const parted = needle.replace(/\p{L}(?=\d)|\d(?=\p{L})/gu, "$& ");
    const found =
      this.search(this.exact, needle) ?? this.search(this.near, parted) ?? this.search(this.exact, parted)
      ?? this.search(this.tolerant, needle) ?? this.similar(needle);
    const wanted = plainOf(needle);
    for (const one of found) one.tier = Math.min(one.tier, tierOf(one.item, wanted));
    return found
      .map((one, i) => ({ one, i }))
      .sort((a, b) => a.one.tier - b.one.tier || a.i - b.i)
      .slice(0, limit)
      .map(({ one }) => one);
  }

  private search(fuzzy: uFuzzy, needle: string): Found<T>[] | null {
    const [indices, info, order] = fuzzy.search(this.haystack, needle, PERMUTED, MOST_RANKED);
    if (!indices || indices.length === 0) return null;
    const tier = fuzzy === this.tolerant ? 3 : 2;
    if (!info || !order) return indices.flatMap((i) => this.found(i, [], tier));
    return order.flatMap((place) => this.found(info.idx[place] ?? -1, info.ranges[place] ?? [], tier));
  }

  private similar(needle: string): Found<T>[] {
    const terms = wordsOf(needle);
    const near = this.words.flatMap((words, i) => {
      const slips = slipsOf(terms, words);
      return slips === null ? [] : [{ i, slips }];
    });
    near.sort((a, b) => a.slips - b.slips || (this.haystack[a.i]?.length ?? 0) - (this.haystack[b.i]?.length ?? 0));
    return near.flatMap(({ i }) => this.found(i, [], 3));
  }

  private found(index: number, ranges: readonly number[], tier: number): Found<T>[] {
    const item = this.items[index];
    if (!item) return [];
    const idAt = item.name.length + SEPARATOR.length;
    return [{ item, name: cut(ranges, 0, item.name.length), id: cut(ranges, idAt, idAt + item.id.length), tier }];
  }
}

/** The parts of ranges that lie between two places, counted from the first. */
export function cut(ranges: readonly number[], from: number, to: number): number[] {
  const inside: number[] = [];
  for (let i = 0; i + 1 < ranges.length; i += 2) {
    const start = Math.max(ranges[i] ?? 0, from);
    const end = Math.min(ranges[i + 1] ?? 0, to);
    if (start < end) inside.push(start - from, end - from);
  }
  return inside;
}

/** Text in parts, each of which matches or does not. */
export function partsOf(text: string, ranges: readonly number[]): { text: string; matches: boolean }[] {
  const parts: { text: string; matches: boolean }[] = [];
  let at = 0;
  for (let i = 0; i + 1 < ranges.length; i += 2) {
    const start = ranges[i] ?? at;
    const end = ranges[i + 1] ?? start;
    if (start > at) parts.push({ text: text.slice(at, start), matches: false });
    parts.push({ text: text.slice(start, end), matches: true });
    at = end;
  }
  if (at < text.length) parts.push({ text: text.slice(at), matches: false });
  return parts;
}

function tierOf(item: Named, wanted: string): number {
  const names = [plainOf(item.name), plainOf(item.id)];
  if (names.includes(wanted)) return 0;
  return names.some((name) => name.startsWith(wanted)) ? 1 : 3;
}

/** A name without what people leave out or write differently. */
function plainOf(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\d]+/gu, "");
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().split(/[^\p{L}\d]+/u).filter(Boolean);
}
