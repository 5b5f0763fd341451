// Draws the tables of figures as charts. The table stays: it is what is read aloud, and what can be copied.
import type uPlot from "uplot";
import { groupsOf, type ReadTable } from "./chart-data";
import type { Place } from "./chart-frame";
import { colourLegend, fillLegend, markLegend } from "./chart-legend";
import { coloursAt, lookOf, type Colours, type Look } from "./chart-look";
import { readTable } from "./chart-read";
import { drawScatter, looksOf, leftOut } from "./chart-scatter";
import { drawTime, seriesOfEntry } from "./chart-time";
import { hideTip } from "./chart-tip";
import { onTheme } from "./switch";

interface Drawn {
  /** What was drawn, so that the same is not drawn again. */
  figures: string;
  stop: () => void;
}

interface Entry {
  label: string;
  look: Look;
}

const drawn = new WeakMap<HTMLElement, Drawn>();
const NAMED = 3;

/** Draws a figure, or draws it again if its table has changed. */
export function drawChart(figure: HTMLElement): void {
  const table = readTable(figure);
  const plot = figure.querySelector<HTMLElement>(".plot");
  const figures = JSON.stringify(table);
  const before = drawn.get(figure);
  if (before?.figures === figures) return;
  before?.stop();
  if (!table || !plot) {
    figure.classList.add("undrawn");
    return;
  }
  drawn.set(figure, { figures, stop: start(figure, plot, table) });
}

/** Builds the chart's elements, draws, and draws again when the theme or the fonts change. */
function start(figure: HTMLElement, plot: HTMLElement, table: ReadTable): () => void {
  const holder = part("div", "canvas");
  const tip = part("div", "tip");
  const legend = part("ul", "legend");
  const off = new Set<number>();
  const family = getComputedStyle(figure).fontFamily;
  let chart: uPlot | null = null;

  holder.setAttribute("role", "img");
  holder.setAttribute("aria-labelledby", captionId(figure));
  tip.setAttribute("aria-hidden", "true");
  tip.hidden = true;
  plot.replaceChildren(holder, tip);
  plot.hidden = false;
  figure.classList.remove("undrawn");

  const draw = (): void => {
    if (!figure.isConnected) return stop();
    const colours = coloursAt(figure);
    const place: Place = { holder, tip, colours, family, off };
    chart?.destroy();
    hideTip(tip);
    chart = table.kind === "scatter" ? drawScatter(table, place) : drawTime(table, place, Date.now() / 1000);
    colourLegend(legend, entriesOf(table, colours).map(({ look }) => look));
    if (!chart) figure.classList.add("undrawn");
  };
  const entries = entriesOf(table, coloursAt(figure));
  if (entries.length > 1) {
    fillLegend(legend, entries, table.kind !== "scatter", (entry) => {
      if (!off.delete(entry)) off.add(entry);
      markLegend(legend, off);
      switchEntry(chart, table, entry, !off.has(entry));
    });
    plot.append(legend);
  }
  addNote(plot, table);

  const sizes = new ResizeObserver(() => {
    if (chart && holder.clientWidth > 0) chart.setSize({ width: holder.clientWidth, height: holder.clientHeight });
  });
  const unwatch = onTheme(draw);
  const stop = (): void => {
    sizes.disconnect();
    unwatch();
    chart?.destroy();
    chart = null;
  };
  draw();
  sizes.observe(holder);
  // Text on a canvas does not change by itself when its font arrives.
  if (document.fonts.status === "loading") void document.fonts.ready.then(draw);
  return stop;
}

/** What the legend names: the series, or what has a look in a scatter plot. */
function entriesOf(table: ReadTable, colours: Colours): Entry[] {
  if (table.kind !== "scatter") {
    return groupsOf(table.columns).map(({ label }, i) => ({ label, look: lookOf(i, colours) }));
  }
  return looksOf(table).map((label, i) => ({ label, look: lookOf(i, colours) }));
}

function switchEntry(chart: uPlot | null, table: ReadTable, entry: number, show: boolean): void {
  const group = table.kind === "scatter" ? undefined : groupsOf(table.columns)[entry];
  if (group) for (const series of seriesOfEntry(group)) chart?.setSeries(series, { show });
  else chart?.redraw(false);
}

/** Says what has no place in the plot, though it is in the table. */
function addNote(plot: HTMLElement, table: ReadTable): void {
  const names = table.kind === "scatter" ? leftOut(table) : [];
  if (names.length === 0) return;
  const note = part("p", "muted");
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : "";
  note.append("Not drawn, since a figure is unknown or too small: ");
  names.slice(0, NAMED).forEach((name, i) => {
    const bdi = document.createElement("bdi");
    bdi.textContent = name;
    note.append(i > 0 ? ", " : "", bdi);
  });
  note.append(`${more}.`);
  plot.append(note);
}

function captionId(figure: HTMLElement): string {
  const caption = figure.querySelector("figcaption");
  if (!caption) return "";
  caption.id ||= `${figure.id || "chart"}-caption`;
  return caption.id;
}

function part(tag: string, className: string): HTMLElement {
  const element = document.createElement(tag);
  element.className = className;
  return element;
}
