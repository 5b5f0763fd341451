import assert from "node:assert/strict";
import { test } from "node:test";
import {
  alone, commonSign, groupsOf, lineTimeline, rowAt, scatterOf, stepTimeline, usualDistance, withUnit,
  type ReadColumn, type ReadTable, type Role,
} from "../src/chart-data";

const column = (label: string, role: Role = "line", group = "", unit = ""): ReadColumn => ({ label, role, group, unit });

function table(values: [number | null, ...(number | null)[]][], more: Partial<ReadTable> = {}): ReadTable {
  const columns = more.columns ?? (values[0] ?? []).slice(1).map((_value, i) => column(`c${i}`));
  const rows = values.map(([at, ...figures]) => ({
    at, label: `row ${at}`, group: "", href: "", values: figures, texts: figures.map(String),
  }));
  return { kind: "line", unit: "", log: false, rows, ...more, columns };
}

test("it takes the median as the usual distance", () => {
  assert.equal(usualDistance([0, 10, 20, 30, 500]), 10);
  assert.equal(usualDistance([7]), 0);
  assert.equal(usualDistance([]), 0);
});

test("it parts points that are further apart than two and a half times the usual", () => {
  const { at, values, row } = lineTimeline(table([[0, 1], [10, 2], [20, 3], [46, 4], [56, 5]]));
  assert.deepEqual(at, [0, 10, 20, 33, 46, 56]);
  assert.deepEqual(values, [[1, 2, 3, null, 4, 5]]);
  assert.deepEqual(row, [0, 1, 2, null, 3, 4]);
});

test("it joins points that are just two and a half times as far apart", () => {
  assert.deepEqual(lineTimeline(table([[0, 1], [10, 2], [20, 3], [45, 4]])).at, [0, 10, 20, 45]);
});

test("it keeps a cell without a figure as a gap", () => {
  assert.deepEqual(lineTimeline(table([[0, 1, 9], [10, null, 8], [20, 3, 7]])).values, [[1, null, 3], [9, 8, 7]]);
});

test("it puts rows in the order of time", () => {
  assert.deepEqual(lineTimeline(table([[20, 3], [0, 1], [10, 2]])).values, [[1, 2, 3]]);
});

test("it has no place for zero on a logarithmic axis", () => {
  assert.deepEqual(lineTimeline(table([[0, 0], [10, 2]], { log: true })).values, [[null, 2]]);
});

test("it holds the last price until now", () => {
  const { at, values, row } = stepTimeline(table([[0, 5, null], [10, 4, 2]], { kind: "step" }), 100);
  assert.deepEqual(at, [0, 10, 100]);
  assert.deepEqual(values, [[5, 4, 4], [null, 2, 2]]);
  assert.deepEqual(row, [0, 1, 1]);
});

test("it does not part prices, however far apart", () => {
  assert.deepEqual(stepTimeline(table([[0, 5], [10, 4], [20, 4], [9000, 3]], { kind: "step" }), 0).values, [[5, 4, 4, 3]]);
});

test("it tells the price that holds at a time, and the nearest of other figures", () => {
  const lines = table([[0, 1], [10, 2], [20, 3]]);
  const steps = { ...lines, kind: "step" as const };
  assert.equal(rowAt(lines, lineTimeline(lines), 9), 1);
  assert.equal(rowAt(steps, stepTimeline(steps, 50), 9), 0);
  assert.equal(rowAt(steps, stepTimeline(steps, 50), 49), 2);
  assert.equal(rowAt(steps, stepTimeline(steps, 50), -1), null);
});

test("it gives a band and its line one entry", () => {
  const groups = groupsOf([column("p50", "line", "a"), column("p5", "low", "a"), column("p95", "high", "a"), column("other"), column("more")]);
  assert.deepEqual(groups.map(({ label }) => label), ["p50 (band: p5 to p95)", "other", "more"]);
  assert.deepEqual(groups[0], { label: "p50 (band: p5 to p95)", line: 0, low: 1, high: 2 });
});

test("it leaves out points without a place, and says which", () => {
  const columns = [column("price", "x"), column("speed", "y")];
  const scatter = scatterOf(table([[null, 10, 5], [null, 0, 7], [null, 1, null], [null, 0.5, 6]], { columns, kind: "scatter", log: true }));
  assert.deepEqual(scatter?.points, [{ x: 0.5, y: 6, row: 3 }, { x: 10, y: 5, row: 0 }]);
  assert.deepEqual(scatter?.left, [1, 2]);
  assert.deepEqual([scatter?.logX, scatter?.logY], [true, false]);
});

test("it draws no points without both coordinates", () => {
  assert.equal(scatterOf(table([[null, 1]], { columns: [column("price", "x")], kind: "scatter" })), null);
});

test("it finds points that stand alone", () => {
  assert.deepEqual(alone([1, null, 2, 3, null, 4]), [0, 5]);
  assert.deepEqual(alone([null, 7, null]), [1]);
});

test("it takes a sign for the axis only if all figures have it", () => {
  assert.equal(commonSign(["$0.25", "$1.00", "free", "unknown"]), "$");
  assert.equal(commonSign(["$0.25", "€1.00"]), "");
  assert.equal(commonSign(["182 ms", "1.24 s"]), "");
  assert.equal(commonSign([]), "");
});

test("it says the unit once", () => {
  assert.equal(withUnit("84.3", "tokens/s"), "84.3 tokens/s");
  assert.equal(withUnit("$0.25", "per 1M tokens"), "$0.25 per 1M tokens");
  for (const text of ["182 ms", "1.24 s", "99.9 %", "free"]) assert.equal(withUnit(text, "ms"), text);
});
