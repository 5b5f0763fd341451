// What a chart draws, worked out from the cells of its table. Nothing here knows of a page.

export type Kind = "line" | "step" | "scatter";
export type Role = "line" | "low" | "high" | "x" | "y";

export interface ReadColumn {
  label: string;
  role: Role;
  group: string;
  unit: string;
}

export interface ReadRow {
  /** Seconds since 1970, in a chart over time. */
  at: number | null;
  label: string;
  /** What the point belongs to, in a scatter plot; empty for nothing. */
  group: string;
  href: string;
  values: (number | null)[];
  /** How the values are said. */
  texts: string[];
}

export interface ReadTable {
  kind: Kind;
  unit: string;
  log: boolean;
  columns: ReadColumn[];
  rows: ReadRow[];
}

/** Columns that have one colour and one place in the legend: indices into the columns. */
export interface Group {
  label: string;
  line: number | null;
  low: number | null;
  high: number | null;
}

/** Values along time, ready to be drawn: `row` says which row of the table a place comes from, if any. */
export interface Timeline {
  at: number[];
  values: (number | null)[][];
  row: (number | null)[];
}

/** How many times the usual distance two points may be apart and still be joined. */
export const GAP = 2.5;

/** The columns by their groups, in the order in which the groups first stand. */
export function groupsOf(columns: readonly ReadColumn[]): Group[] {
  const groups = new Map<string, Group>();
  columns.forEach((column, i) => {
    const key = column.group === "" ? `column ${i}` : `group ${column.group}`;
    const group: Group = groups.get(key) ?? { label: "", line: null, low: null, high: null };
    if (column.role === "low") group.low = i;
    else if (column.role === "high") group.high = i;
    else group.line ??= i;
    groups.set(key, group);
  });
  for (const group of groups.values()) group.label = labelOf(group, columns);
  return [...groups.values()];
}

function labelOf({ line, low, high }: Group, columns: readonly ReadColumn[]): string {
  const name = (i: number | null): string => (i === null ? "" : (columns[i]?.label ?? ""));
  if (low !== null && high !== null) {
    const band = `${name(low)} to ${name(high)}`;
    return line === null ? band : `${name(line)} (band: ${band})`;
  }
  const edge = name(low) || name(high);
  return line !== null && edge ? `${name(line)} (band to ${edge})` : name(line) || edge;
}

/** The distance between neighbours that is usual: the median; 0 with fewer than two. */
export function usualDistance(at: readonly number[]): number {
  const distances = at.slice(1).map((value, i) => value - (at[i] ?? value));
  const sorted = distances.filter((distance) => distance > 0).sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

/** Lines over time. Where two rows are further apart than `GAP` times the usual, a place without values parts them. */
export function lineTimeline(table: ReadTable): Timeline {
  const rows = table.rows.map((row, i) => ({ row, i })).filter(({ row }) => row.at !== null);
  rows.sort((a, b) => (a.row.at ?? 0) - (b.row.at ?? 0));
  const longest = GAP * usualDistance(rows.map(({ row }) => row.at ?? 0));
  const timeline: Timeline = { at: [], values: table.columns.map(() => []), row: [] };
  for (const { row, i } of rows) {
    const at = row.at ?? 0;
    const before = timeline.at.at(-1);
    if (before !== undefined && longest > 0 && at - before > longest) append(timeline, (before + at) / 2, null, null);
    append(timeline, at, row.values.map((value) => drawable(value, table.log)), i);
  }
  return timeline;
}

/** Prices over time: each holds until the next one, the last one until `until` (seconds since 1970). */
export function stepTimeline(table: ReadTable, until: number): Timeline {
  const timeline: Timeline = { at: [], values: table.columns.map(() => []), row: [] };
  table.rows.forEach((row, i) => {
    if (row.at !== null) append(timeline, row.at, row.values.map((value) => drawable(value, table.log)), i);
  });
  const last = timeline.at.at(-1);
  if (last !== undefined && until > last) {
    append(timeline, until, timeline.values.map((values) => values.at(-1) ?? null), timeline.row.at(-1) ?? null);
  }
  return timeline;
}

/** The row that holds at a time: of prices, the last one that was set; of other figures, the nearest. */
export function rowAt(table: ReadTable, timeline: Timeline, at: number): number | null {
  let found: number | null = null;
  let nearest = Number.POSITIVE_INFINITY;
  timeline.at.forEach((time, i) => {
    const row = timeline.row[i] ?? null;
    const distance = table.kind === "step" ? at - time : Math.abs(at - time);
    if (row === null || distance < 0 || distance > nearest) return;
    nearest = distance;
    found = row;
  });
  return found;
}

function append(timeline: Timeline, at: number, values: (number | null)[] | null, row: number | null): void {
  timeline.at.push(at);
  timeline.row.push(row);
  timeline.values.forEach((column, i) => column.push(values?.[i] ?? null));
}

/** A logarithmic axis has no place for zero, nor for what is below. */
function drawable(value: number | null, log: boolean): number | null {
  return value !== null && log && value <= 0 ? null : value;
}

export interface Point {
  x: number;
  y: number;
  row: number;
}

export interface Scatter {
  x: number;
  y: number;
  /** Whether the axes are logarithmic. */
  logX: boolean;
  logY: boolean;
  /** By x, ascending. */
  points: Point[];
  /** Rows that have no place: a figure is not known, or is zero where the axis is logarithmic. */
  left: number[];
}

/** Points by two figures; null where the table does not say which. An axis is logarithmic if the chart is, and
 * its figures are tenfold apart. */
export function scatterOf(table: ReadTable): Scatter | null {
  const x = table.columns.findIndex((column) => column.role === "x");
  const y = table.columns.findIndex((column) => column.role === "y");
  if (x < 0 || y < 0) return null;
  const known = (i: number): number[] => table.rows.flatMap((row) => row.values[i] ?? []);
  const scatter: Scatter = {
    x, y, logX: table.log && isWide(known(x)), logY: table.log && isWide(known(y)), points: [], left: [],
  };
  table.rows.forEach((row, i) => {
    const px = drawable(row.values[x] ?? null, scatter.logX);
    const py = drawable(row.values[y] ?? null, scatter.logY);
    if (px === null || py === null) scatter.left.push(i);
    else scatter.points.push({ x: px, y: py, row: i });
  });
  scatter.points.sort((a, b) => a.x - b.x);
  return scatter;
}

/** What the points belong to, each once, in the order of the rows. */
export function rowGroups(table: ReadTable): string[] {
  return [...new Set(table.rows.map(({ group }) => group))].filter((group) => group !== "");
}

function isWide(values: readonly number[]): boolean {
  const positive = values.filter((value) => value > 0);
  return positive.length > 1 && Math.max(...positive) >= 10 * Math.min(...positive);
}

/** Of a line, the places that stand alone: nothing joins them to others, so only a point shows them. */
export function alone(values: readonly (number | null | undefined)[]): number[] {
  return values.flatMap((value, i) => (value != null && values[i - 1] == null && values[i + 1] == null ? [i] : []));
}

/** The sign that all figures begin with, such as `$`; empty where they differ or have none. */
export function commonSign(texts: Iterable<string>): string {
  const signs = new Set<string>();
  for (const text of texts) if (/\d/.test(text)) signs.add(/^[^\d\s.,+−-]*/u.exec(text)?.[0] ?? "");
  const [sign] = signs;
  return signs.size === 1 && sign !== undefined ? sign : "";
}

/** A figure with its unit: `84.3` becomes `84.3 tokens/s`; `182 ms`, `1.24 s`, `99.9 %` and `free` have theirs. */
export function withUnit(text: string, unit: string): string {
  return unit && !/[\p{L}%–]/u.test(text) ? `${text} ${unit}` : text;
}
