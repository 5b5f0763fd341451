// Charts over time: lines with bands, and prices that hold until the next.
import uPlot from "uplot";
import { commonSign, groupsOf, lineTimeline, rowAt, stepTimeline, withUnit, type Group, type ReadTable } from "./chart-data";
import { faint, figureScale, frame, timeAxis, valueAxis, writeAbove, type Place } from "./chart-frame";
import { lookOf } from "./chart-look";
import { drawMarks, edgesOf, nameEnds, roomForNames, type TimeChart } from "./chart-marks";
import { hideTip, showTip, type TipLine } from "./chart-tip";

const HALF_DAY = 43_200;

/** Draws it. `now` is in seconds since 1970: until then the last price holds. */
export function drawTime(table: ReadTable, place: Place, now: number): uPlot {
  const groups = groupsOf(table.columns);
  const chart: TimeChart = {
    table,
    timeline: table.kind === "step" ? stepTimeline(table, now) : lineTimeline(table),
    groups,
    looks: groups.map((_group, i) => lookOf(i, place.colours)),
    place,
  };
  const data = [chart.timeline.at, ...chart.timeline.values] as uPlot.AlignedData;
  const u = new uPlot(optionsOf(chart), data, place.holder);
  u.over.addEventListener("mouseleave", () => hideTip(place.tip));
  return u;
}

/** The columns that an entry of the legend switches, as uPlot counts its series. */
export function seriesOfEntry({ line, low, high }: Group): number[] {
  return [line, low, high].flatMap((column) => (column === null ? [] : [column + 1]));
}

function optionsOf(chart: TimeChart): uPlot.Options {
  const { table, place } = chart;
  const common = frame(place);
  return {
    ...common,
    padding: [common.padding?.[0] ?? null, (u) => roomForNames(u, chart), 0, 0],
    scales: { x: { time: true, range: timeRange }, y: figureScale(table.unit, table.log) },
    axes: [timeAxis(place), valueAxis(place, commonSign(table.rows.flatMap((row) => row.texts)))],
    series: [{}, ...table.columns.map((_column, i) => seriesOf(chart, i))],
    bands: bandsOf(chart),
    hooks: {
      draw: [
        (u) => writeAbove(u, place, table.unit),
        (u) => drawMarks(u, chart),
        (u) => nameEnds(u, chart),
      ],
      setCursor: [(u) => tell(u, chart)],
    },
  };
}

function timeRange(_u: uPlot, min: number, max: number): uPlot.Range.MinMax {
  return min === max ? [min - HALF_DAY, max + HALF_DAY] : [min, max];
}

function seriesOf({ table, groups, looks, place }: TimeChart, column: number): uPlot.Series {
  const entry = groups.findIndex((group) => seriesOfEntry(group).includes(column + 1));
  const look = looks[entry];
  const colour = look?.colour ?? place.colours.text;
  const edge = groups[entry]?.line !== column;
  const series: uPlot.Series = {
    show: !place.off.has(entry),
    stroke: edge ? faint(colour, 0.5) : colour,
    width: edge ? 1 : 2,
    dash: edge ? [2, 3] : (look?.dash ?? []),
    points: { show: false },
  };
  if (table.kind === "step" && uPlot.paths.stepped) series.paths = uPlot.paths.stepped({ align: 1, alignGaps: 1 });
  return series;
}

function bandsOf({ groups, looks }: TimeChart): uPlot.Band[] {
  return groups.flatMap((group, i) => {
    const [top, bottom] = edgesOf(group);
    if (top === bottom) return [];
    return [{ series: [top + 1, bottom + 1] as uPlot.Band.Bounds, fill: faint(looks[i]?.colour ?? "", 0.16) }];
  });
}

function tell(u: uPlot, chart: TimeChart): void {
  const { table, timeline, place } = chart;
  const { left = -1, top = -1 } = u.cursor;
  const row = left < 0 ? null : rowAt(table, timeline, u.posToVal(left, "x"));
  if (row === null) return hideTip(place.tip);
  const when = `${table.rows[row]?.label ?? ""} UTC`;
  const x = left + u.bbox.left / uPlot.pxRatio;
  const y = top + u.bbox.top / uPlot.pxRatio;
  showTip(place.tip, table.kind === "step" ? `since ${when}` : when, linesOf(chart, row), x, y);
}

function linesOf({ table, groups, looks, place }: TimeChart, row: number): TipLine[] {
  return groups.flatMap((group, entry) => {
    if (place.off.has(entry)) return [];
    return [group.line, group.high, group.low].flatMap((column) => {
      if (column === null) return [];
      const { label = "", unit = "" } = table.columns[column] ?? {};
      const value = withUnit(table.rows[row]?.texts[column] ?? "–", unit);
      return [{ colour: looks[entry]?.colour ?? "", name: label, value: value === "–" ? "no figure" : value }];
    });
  });
}
