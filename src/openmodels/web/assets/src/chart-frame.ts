// What all charts share: their axes, their text, and what is drawn over the plot.
import uPlot from "uplot";
import type { Colours } from "./chart-look";

/** What drawing needs to know of the place where it draws. */
export interface Place {
  holder: HTMLElement;
  tip: HTMLElement;
  colours: Colours;
  family: string;
  /** Which entries of the legend are switched off. */
  off: ReadonlySet<number>;
}

const SIZE = 12;
/** Room above the plot, for what the value axis measures. */
const TOP = 26;
const MONEY = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 2, maximumFractionDigits: 6 });
const NUMBERS = new Intl.NumberFormat("en-GB", { maximumSignificantDigits: 6 });

// Columns: least step between marks in seconds; their text; what is added at a new year, month, day, hour,
// minute, second; and how (1: below).
const HOURS = "{HH}:{mm}";
const NEW_DAY = "\n{D} {MMM}";
const TIMES: uPlot.Axis.TimeValuesConfig = [
  [3600 * 24 * 365, "{YYYY}", null, null, null, null, null, null, 1],
  [3600 * 24 * 28, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [3600 * 24, "{D} {MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [60, HOURS, NEW_DAY, null, NEW_DAY, null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", NEW_DAY, null, NEW_DAY, null, null, null, 1],
];

/** The font of a chart's text; uPlot scales it to the screen's pixels itself. */
export function fontOf(place: Place, weight = 400): string {
  return `${weight} ${SIZE}px ${place.family}`;
}

/** What every chart is made with. */
export function frame(place: Place): Omit<uPlot.Options, "series"> {
  return {
    width: Math.max(place.holder.clientWidth, 120),
    height: Math.max(place.holder.clientHeight, 120),
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false, setScale: false } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    padding: [TOP, 24, 0, 0],
  };
}

/** An axis of times, in UTC. */
export function timeAxis(place: Place): uPlot.Axis {
  return { ...axis(place, "x"), values: TIMES, label: "Time (UTC)", size: 42, space: 64 };
}

/** An axis of figures at the lower edge. */
export function figureAxis(place: Place, sign: string, label: string): uPlot.Axis {
  return { ...axis(place, "x"), label, size: 30, space: 56, values: (_u, splits) => figures(splits, sign) };
}

/** The axis at the left, as wide as its figures. What it measures is written above it. */
export function valueAxis(place: Place, sign: string): uPlot.Axis {
  return {
    ...axis(place, "y"),
    space: 36,
    size: (u, values) => widest(u, place, values ?? []) + 16,
    values: (_u, splits) => figures(splits, sign),
  };
}

/** A scale of figures: from zero, but for shares of a hundred, whose differences are small. */
export function figureScale(unit: string, log: boolean): uPlot.Scale {
  if (log) {
    return { time: false, distr: 3, range: logRange };
  }
  return {
    time: false,
    range: (_u, min, max) => {
      if (min == null || max == null) return [0, 1];
      if (unit !== "%") return uPlot.rangeNum(0, max > 0 ? max : 1, 0.08, true);
      const [low, high] = uPlot.rangeNum(min, max, 0.1, true);
      return [Math.max(0, low ?? 0), Math.min(100, high ?? 100)];
    },
  };
}

function logRange(_u: uPlot, min: number, max: number): uPlot.Range.MinMax {
  return min > 0 ? uPlot.rangeLog(min / 1.1, max * 1.1, 10, false) : [0.1, 1];
}

/** Of a logarithmic axis, lines at 1, 2 and 5 of each power of ten are enough. */
function gridLines(u: uPlot, splits: number[], scale: string): (number | null)[] {
  if (u.scales[scale]?.distr !== 3) return splits;
  return splits.map((value) => ([1, 2, 5].includes(Number(value.toExponential(0).split("e")[0])) ? value : null));
}

/** Writes what the value axis measures above it. */
export function writeAbove(u: uPlot, place: Place, text: string): void {
  if (text) write(u, place, text, 0, SIZE, place.colours.muted);
}

/** Writes text; its place is in pixels of the page, from the chart's upper left corner. */
export function write(u: uPlot, place: Place, text: string, x: number, y: number, colour: string, weight = 400): void {
  const { ctx } = u;
  ctx.save();
  ctx.scale(uPlot.pxRatio, uPlot.pxRatio);
  ctx.font = fontOf(place, weight);
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  // What stands behind it is the page's colour, so that lines do not cross words.
  ctx.lineJoin = "round";
  ctx.lineWidth = 3;
  ctx.strokeStyle = place.colours.page;
  ctx.strokeText(text, x, y);
  ctx.fillStyle = colour;
  ctx.fillText(text, x, y);
  ctx.restore();
}

/** How wide text is, in pixels of the page. */
export function widthOf(u: uPlot, place: Place, text: string, weight = 400): number {
  u.ctx.save();
  u.ctx.font = fontOf(place, weight);
  const { width } = u.ctx.measureText(text);
  u.ctx.restore();
  return width;
}

/** Text of a certain width at most; directions of writing do not leave it. */
export function fitted(u: uPlot, place: Place, text: string, width: number): string {
  let short = text.slice(0, 80).replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "");
  if (short.length === text.length && widthOf(u, place, short, 600) <= width) return short;
  while (short.length > 1 && widthOf(u, place, `${short}…`, 600) > width) short = short.slice(0, -1);
  return `${short}…`;
}

/** A place of the plot in pixels of the page, from the chart's upper left corner. */
export function spot(u: uPlot, x: number, y: number, scale = "y"): [number, number] {
  return [u.valToPos(x, "x", true) / uPlot.pxRatio, u.valToPos(y, scale, true) / uPlot.pxRatio];
}

/** The same colour, let through. */
export function faint(colour: string, alpha: number): string {
  const parts = /^rgba?\(([\d.]+),\s*([\d.]+),\s*([\d.]+)/.exec(colour);
  return parts ? `rgba(${parts[1]}, ${parts[2]}, ${parts[3]}, ${alpha})` : colour;
}

function axis({ colours, family }: Place, scale: string): uPlot.Axis {
  return {
    stroke: colours.muted,
    font: `${SIZE}px ${family}`,
    labelFont: `${SIZE}px ${family}`,
    labelGap: 0,
    labelSize: 20,
    grid: { stroke: colours.line, width: 1, filter: (u, splits) => gridLines(u, splits, scale) },
    ticks: { stroke: colours.line, width: 1, size: 4 },
    border: { show: true, stroke: colours.line, width: 1 },
  };
}

/** Figures of an axis. Sums of money have two decimals where one of them has some. */
function figures(values: (number | null)[], sign: string): string[] {
  const numbers = sign && values.some((value) => value !== null && !Number.isInteger(value)) ? MONEY : NUMBERS;
  return values.map((value) => (value === null ? "" : `${sign}${numbers.format(value)}`));
}

function widest(u: uPlot, place: Place, values: (string | number | null)[]): number {
  return Math.max(0, ...values.map((value) => (value == null ? 0 : widthOf(u, place, String(value)))));
}
