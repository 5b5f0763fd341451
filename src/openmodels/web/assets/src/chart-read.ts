// Reads the table of a `<figure data-chart>`, as templates/chart.html writes it.
import type { Kind, ReadRow, ReadTable, Role } from "./chart-data";

const KINDS: readonly string[] = ["line", "step", "scatter"] satisfies Kind[];
const ROLES: readonly string[] = ["line", "low", "high", "x", "y"] satisfies Role[];

/** The table as data; null where the figure holds none that can be drawn. */
export function readTable(figure: HTMLElement): ReadTable | null {
  const table = figure.querySelector("table");
  const kind = figure.dataset["chart"] ?? "";
  if (!table || !KINDS.includes(kind)) return null;
  const columns = [...table.querySelectorAll<HTMLElement>("thead th[data-role]")].map((head) => ({
    label: wordsOf(head),
    role: roleOf(head.dataset["role"]),
    group: head.dataset["group"] ?? "",
    unit: head.dataset["unit"] ?? "",
  }));
  const rows = [...table.querySelectorAll<HTMLTableRowElement>("tbody tr")].map((row) => readRow(row));
  if (columns.length === 0 || rows.length === 0) return null;
  return { kind: kind as Kind, unit: figure.dataset["unit"] ?? "", log: figure.dataset["log"] !== undefined, columns, rows };
}

function readRow(row: HTMLTableRowElement): ReadRow {
  const head = row.querySelector("th");
  const cells = [...row.querySelectorAll<HTMLElement>("td")];
  return {
    at: figureOf(row.dataset["at"]),
    label: wordsOf(head),
    group: row.dataset["group"] ?? "",
    href: head?.querySelector("a")?.getAttribute("href") ?? "",
    values: cells.map((cell) => figureOf(cell.dataset["value"])),
    texts: cells.map(wordsOf),
  };
}

function roleOf(text: string | undefined): Role {
  return text !== undefined && ROLES.includes(text) ? (text as Role) : "line";
}

function figureOf(text: string | undefined): number | null {
  if (text === undefined || text === "") return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

function wordsOf(element: Element | null): string {
  return element?.textContent?.replace(/\s+/g, " ").trim() ?? "";
}
