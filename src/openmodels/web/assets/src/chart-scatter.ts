// Points by two figures: each is a link, where its row has one.
import uPlot from "uplot";
import { commonSign, rowGroups, scatterOf, withUnit, type Point, type ReadTable, type Scatter } from "./chart-data";
import { figureAxis, figureScale, fitted, frame, spot, valueAxis, widthOf, write, writeAbove, type Place } from "./chart-frame";
import { lookOf, type Look } from "./chart-look";
import { drawMark } from "./chart-marks";
import { hideTip, showTip } from "./chart-tip";

const MARK = 5;
/** How near the pointer must be to a point, in pixels. */
const NEAR = 24;
/** Up to how many points each has a look of its own. */
const LOOKS = 8;
const NAME_WIDTH = 170;
const NAME_HEIGHT = 14;

/** A scatter plot with all that its drawing needs. */
interface ScatterChart {
  table: ReadTable;
  scatter: Scatter;
  place: Place;
}

/** What has a look, and so a place in the legend: what the points belong to, else the points where they are few. */
export function looksOf(table: ReadTable): string[] {
  const groups = rowGroups(table);
  if (groups.length > 0) return groups;
  return table.rows.length <= LOOKS ? table.rows.map(({ label }) => label) : [];
}

/** The place of a row in the legend; 0 where all look the same. */
function lookPlace(table: ReadTable, row: number): number {
  const groups = rowGroups(table);
  if (groups.length > 0) return groups.indexOf(table.rows[row]?.group ?? "");
  return table.rows.length <= LOOKS ? row : 0;
}

/** Draws it; null where the table does not say what the coordinates are, or has no point with both. */
export function drawScatter(table: ReadTable, place: Place): uPlot | null {
  const scatter = scatterOf(table);
  if (!scatter || scatter.points.length === 0) return null;
  const chart = { table, scatter, place };
  const data: uPlot.AlignedData = [scatter.points.map(({ x }) => x), scatter.points.map(({ y }) => y)];
  const u = new uPlot(optionsOf(chart), data, place.holder);
  u.over.addEventListener("mouseleave", () => hideTip(place.tip));
  u.over.addEventListener("click", () => {
    const row = table.rows[nearest(u, chart)?.row ?? -1];
    if (row?.href) location.assign(row.href);
  });
  return u;
}

/** The rows without a place, by name, for who looks for them. */
export function leftOut(table: ReadTable): string[] {
  return (scatterOf(table)?.left ?? []).map((row) => table.rows[row]?.label ?? "");
}

function optionsOf(chart: ScatterChart): uPlot.Options {
  const { table, scatter, place } = chart;
  const signs = (column: number): string => commonSign(table.rows.map((row) => row.texts[column] ?? ""));
  return {
    ...frame(place),
    scales: {
      x: figureScale(unitOf(table, scatter.x), scatter.logX),
      y: figureScale(unitOf(table, scatter.y), scatter.logY),
    },
    axes: [figureAxis(place, signs(scatter.x), titleOf(table, scatter.x)), valueAxis(place, signs(scatter.y))],
    series: [{}, { paths: () => null, points: { show: false } }],
    hooks: {
      draw: [
        (u) => writeAbove(u, place, titleOf(table, scatter.y)),
        (u) => drawPoints(u, chart),
        (u) => drawNames(u, chart),
      ],
      setCursor: [(u) => tell(u, chart)],
    },
    cursor: { x: false, y: false, points: { show: false }, drag: { x: false, y: false, setScale: false } },
  };
}

function unitOf(table: ReadTable, column: number): string {
  return table.columns[column]?.unit ?? "";
}

function titleOf(table: ReadTable, column: number): string {
  const unit = unitOf(table, column);
  const label = table.columns[column]?.label ?? "";
  return unit ? `${label}, ${unit}` : label;
}

function look({ table, place }: ScatterChart, { row }: Point): Look {
  return lookOf(lookPlace(table, row), place.colours);
}

function visible({ table, scatter, place }: ScatterChart): Point[] {
  return scatter.points.filter(({ row }) => !place.off.has(lookPlace(table, row)));
}

function drawPoints(u: uPlot, chart: ScatterChart): void {
  for (const point of visible(chart)) {
    const [x, y] = spot(u, point.x, point.y);
    drawMark(u, chart.place, look(chart, point), x, y, MARK);
  }
}

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Names beside their points, where there is room: right of it, else left, else above or below. */
function drawNames(u: uPlot, chart: ScatterChart): void {
  const points = visible(chart);
  const taken: Box[] = points.map((point) => around(...spot(u, point.x, point.y), MARK));
  const { left, top, width, height } = u.bbox;
  const ratio = uPlot.pxRatio;
  const room: Box = { left: left / ratio, right: (left + width) / ratio + 10, top: top / ratio - 6, bottom: (top + height) / ratio };
  points.forEach((point, i) => {
    const text = fitted(u, chart.place, chart.table.rows[point.row]?.label ?? "", NAME_WIDTH);
    const long = widthOf(u, chart.place, text);
    const [x, y] = spot(u, point.x, point.y);
    const box = placesAround(x, y, long).find((one) => within(one, room) && !taken.some((other, j) => j !== i && overlap(one, other)));
    if (!box) return;
    taken.push(box);
    write(u, chart.place, text, box.left, (box.top + box.bottom) / 2, chart.place.colours.text);
  });
}

function around(x: number, y: number, r: number): Box {
  return { left: x - r, right: x + r, top: y - r, bottom: y + r };
}

function placesAround(x: number, y: number, long: number): Box[] {
  const half = NAME_HEIGHT / 2;
  const lefts: [number, number][] = [
    [x + 9, y], [x - 9 - long, y], [x - long / 2, y - NAME_HEIGHT], [x - long / 2, y + NAME_HEIGHT],
  ];
  return lefts.map(([left, middle]) => ({ left, right: left + long, top: middle - half, bottom: middle + half }));
}

function within(box: Box, room: Box): boolean {
  return box.left >= room.left && box.right <= room.right && box.top >= room.top && box.bottom <= room.bottom;
}

function overlap(one: Box, other: Box): boolean {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}

function nearest(u: uPlot, chart: ScatterChart): Point | undefined {
  const { left = -1, top = -1 } = u.cursor;
  if (left < 0) return undefined;
  const distance = ({ x, y }: Point): number => Math.hypot(u.valToPos(x, "x") - left, u.valToPos(y, "y") - top);
  const [closest] = visible(chart).sort((a, b) => distance(a) - distance(b));
  return closest && distance(closest) <= NEAR ? closest : undefined;
}

function tell(u: uPlot, chart: ScatterChart): void {
  const { table, scatter, place } = chart;
  const point = nearest(u, chart);
  const row = point && table.rows[point.row];
  u.over.style.cursor = row?.href ? "pointer" : "";
  if (!point || !row) return hideTip(place.tip);
  const lines = [scatter.x, scatter.y].map((column) => ({
    colour: look(chart, point).colour,
    name: table.columns[column]?.label ?? "",
    value: withUnit(row.texts[column] ?? "", unitOf(table, column)),
  }));
  const [x, y] = spot(u, point.x, point.y);
  showTip(place.tip, row.label, lines, x, y);
}
