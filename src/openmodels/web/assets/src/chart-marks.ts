// What is drawn over the lines of a chart over time: marks, and names at the ends.
import uPlot from "uplot";
import { alone, type Group, type ReadTable, type Timeline } from "./chart-data";
import { faint, fitted, spot, widthOf, write, type Place } from "./chart-frame";
import { isHollow, markPath, type Look } from "./chart-look";

/** A chart over time with all that its drawing needs. */
export interface TimeChart {
  table: ReadTable;
  timeline: Timeline;
  groups: readonly Group[];
  looks: readonly Look[];
  place: Place;
}

const MARK = 4;
const SPAN = 7;
/** How far apart marks on a line stand. */
const APART = 70;
/** From which width on there is room for names at the ends of lines, and for how many. */
const NAMES_FROM = 560;
const NAMES = 6;
const NAME_WIDTH = 150;
const NAME_HEIGHT = 14;
const BOLD = 600;

/** A mark in the look of its series; its place is in pixels of the page. */
export function drawMark(u: uPlot, place: Place, look: Look, x: number, y: number, r = MARK): void {
  const path = markPath(look.shape, x, y, r);
  const { ctx } = u;
  ctx.save();
  ctx.scale(uPlot.pxRatio, uPlot.pxRatio);
  ctx.setLineDash([]);
  ctx.fillStyle = isHollow(look.shape) ? place.colours.page : look.colour;
  ctx.strokeStyle = isHollow(look.shape) ? look.colour : place.colours.page;
  ctx.lineWidth = isHollow(look.shape) ? 2 : 1;
  ctx.fill(path);
  ctx.stroke(path);
  ctx.restore();
}

/** Marks along each line: at every change of a price, now and then on a line, and where a point stands alone. */
export function drawMarks(u: uPlot, chart: TimeChart): void {
  chart.groups.forEach((group, entry) => {
    const look = chart.looks[entry];
    if (!look || chart.place.off.has(entry)) return;
    drawSpans(u, chart, group, look);
    for (const [x, y] of marksOf(u, chart, chart.timeline.values[columnOf(group)] ?? [])) {
      drawMark(u, chart.place, look, x, y);
    }
  });
}

/** A band has no area at a point that stands alone, so its edges are joined there. */
function drawSpans(u: uPlot, { timeline }: TimeChart, group: Group, look: Look): void {
  const [top, bottom] = edgesOf(group);
  if (top === bottom) return;
  const highs = timeline.values[top] ?? [];
  for (const i of alone(highs)) {
    const high = highs[i];
    const low = timeline.values[bottom]?.[i];
    const at = timeline.at[i];
    if (high == null || low == null || at === undefined) continue;
    const [x, y] = spot(u, at, high);
    u.ctx.save();
    u.ctx.scale(uPlot.pxRatio, uPlot.pxRatio);
    u.ctx.fillStyle = faint(look.colour, 0.3);
    u.ctx.fillRect(x - SPAN / 2, y, SPAN, spot(u, at, low)[1] - y);
    u.ctx.restore();
  }
}

/** The columns between which a group's band lies: its edges, or its line where it has one edge only. */
export function edgesOf({ line, low, high }: Group): [number, number] {
  const top = high ?? line ?? low ?? 0;
  return [top, low ?? line ?? top];
}

function marksOf(u: uPlot, chart: TimeChart, values: readonly (number | null)[]): [number, number][] {
  const steps = chart.table.kind === "step";
  const single = new Set(alone(values));
  let last = Number.NEGATIVE_INFINITY;
  return values.flatMap((value, i) => {
    const at = chart.timeline.at[i];
    if (value === null || at === undefined) return [];
    const [x, y] = spot(u, at, value);
    if (steps ? value === values[i - 1] : x - last < APART && !single.has(i)) return [];
    last = x;
    return [[x, y] as [number, number]];
  });
}

/** The column that stands for its group. */
export function columnOf(group: Group): number {
  return group.line ?? group.high ?? group.low ?? 0;
}

/** The room that names need at the right. */
export function roomForNames(u: uPlot, chart: TimeChart): number {
  if (!hasNames(u, chart)) return 16;
  const widths = chart.groups.map((group) => widthOf(u, chart.place, shortName(u, chart, group), BOLD));
  return Math.max(...widths) + 18;
}

/** Names at the ends of the lines, moved apart where they would lie on each other. */
export function nameEnds(u: uPlot, chart: TimeChart): void {
  if (!hasNames(u, chart)) return;
  const ends = chart.groups.flatMap((group, entry) => {
    const value = (chart.timeline.values[columnOf(group)] ?? []).filter((one) => one !== null).at(-1);
    if (chart.place.off.has(entry) || value == null) return [];
    const [, y] = spot(u, 0, value);
    return [{ y, name: shortName(u, chart, group), colour: chart.looks[entry]?.colour ?? chart.place.colours.text }];
  });
  ends.sort((a, b) => a.y - b.y);
  const x = (u.bbox.left + u.bbox.width) / uPlot.pxRatio + 10;
  const bottom = (u.bbox.top + u.bbox.height) / uPlot.pxRatio;
  let free = u.bbox.top / uPlot.pxRatio;
  ends.forEach((end, i) => {
    const y = Math.min(Math.max(end.y, free), bottom - (ends.length - 1 - i) * NAME_HEIGHT);
    free = y + NAME_HEIGHT;
    write(u, chart.place, end.name, x, y, end.colour, BOLD);
  });
}

function hasNames(u: uPlot, chart: TimeChart): boolean {
  return u.width >= NAMES_FROM && chart.groups.length > 1 && chart.groups.length <= NAMES;
}

function shortName(u: uPlot, chart: TimeChart, group: Group): string {
  return fitted(u, chart.place, chart.table.columns[columnOf(group)]?.label ?? "", NAME_WIDTH);
}
