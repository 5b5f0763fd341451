// The legend: a button for each series, with its dash and its mark, that switches it off and on.
import { isHollow, markOutline, type Look } from "./chart-look";

const SVG = "http://www.w3.org/2000/svg";

/** Fills `list` with the entries, and calls back with the place of one that was pressed. */
export function fillLegend(
  list: HTMLElement, entries: readonly { label: string; look: Look }[], lines: boolean, pressed: (place: number) => void,
): void {
  list.replaceChildren(...entries.map(({ label, look }, place) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    const name = document.createElement("bdi");
    button.type = "button";
    button.setAttribute("aria-pressed", "true");
    button.addEventListener("click", () => pressed(place));
    name.textContent = label;
    button.append(swatch(look, lines), name);
    item.append(button);
    return item;
  }));
}

/** Shows which entries are on. */
export function markLegend(list: HTMLElement, off: ReadonlySet<number>): void {
  list.querySelectorAll("button").forEach((button, place) => {
    button.setAttribute("aria-pressed", String(!off.has(place)));
  });
}

/** Gives the entries their colours, which another theme changes. */
export function colourLegend(list: HTMLElement, looks: readonly Look[]): void {
  list.querySelectorAll("svg").forEach((svg, place) => {
    svg.style.color = looks[place]?.colour ?? "";
  });
}

function swatch(look: Look, line: boolean): SVGElement {
  const svg = shape("svg", { viewBox: line ? "-9 0 30 12" : "0 0 12 12", width: line ? "30" : "12", height: "12", "aria-hidden": "true" });
  if (line) {
    svg.append(shape("path", {
      d: "M-9 6H21", stroke: "currentColor", "stroke-width": "2", "stroke-dasharray": look.dash.join(" ") || "none",
    }));
  }
  const hollow = isHollow(look.shape);
  svg.append(shape("path", {
    d: markOutline(look.shape), fill: hollow ? "var(--page)" : "currentColor", stroke: "currentColor", "stroke-width": hollow ? "2" : "0",
  }));
  svg.style.color = look.colour;
  return svg;
}

function shape(tag: string, attributes: Record<string, string>): SVGElement {
  const element = document.createElementNS(SVG, tag) as SVGElement;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
