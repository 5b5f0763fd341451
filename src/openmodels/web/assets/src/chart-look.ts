// How series are told apart: by colour, by dash and by the shape of their marks, so that colour is never alone.

export interface Look {
  colour: string;
  dash: number[];
  shape: Shape;
}

export interface Colours {
  series: string[];
  text: string;
  muted: string;
  line: string;
  page: string;
}

export type Shape = (typeof SHAPES)[number];

const SHAPES = ["circle", "square", "triangle", "diamond", "cross", "plus", "turned", "ring"] as const;
const DASHES: readonly (readonly number[])[] = [
  [], [7, 4], [2, 3], [10, 3, 2, 3], [14, 5], [5, 2], [8, 3, 2, 3, 2, 3], [3, 6],
];
const COUNT = 8;

/** The look of the series at this place. After eight, colours come again with other dashes and shapes. */
export function lookOf(place: number, colours: Colours): Look {
  const round = Math.floor(place / COUNT);
  return {
    colour: colours.series[place % COUNT] ?? colours.text,
    dash: [...(DASHES[(place + round) % COUNT] ?? [])],
    shape: SHAPES[(place + round) % COUNT] ?? "circle",
  };
}

/** The colours of the theme that is shown. A canvas knows no variables, so an element is asked what they are. */
export function coloursAt(element: HTMLElement): Colours {
  const probe = document.createElement("span");
  probe.hidden = true;
  element.append(probe);
  const colour = (name: string): string => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const colours: Colours = {
    series: Array.from({ length: COUNT }, (_, i) => colour(`series-${i + 1}`)),
    text: colour("text"),
    muted: colour("muted"),
    line: colour("line"),
    page: colour("page"),
  };
  probe.remove();
  return colours;
}

/** The outline of a mark around (x, y); `r` is half its size. All marks can be filled and stroked. */
export function markPath(shape: Shape, x: number, y: number, r: number): Path2D {
  const path = new Path2D();
  if (shape === "circle" || shape === "ring") {
    path.arc(x, y, r, 0, 2 * Math.PI);
    return path;
  }
  const [first, ...rest] = (CORNERS[shape] ?? []).map(([dx, dy]) => [x + dx * r, y + dy * r] as const);
  if (first) path.moveTo(...first);
  for (const corner of rest) path.lineTo(...corner);
  path.closePath();
  return path;
}

/** The same outline for an SVG of 12 by 12 units. */
export function markOutline(shape: Shape): string {
  if (shape === "circle" || shape === "ring") return "M2 6a4 4 0 1 0 8 0a4 4 0 1 0-8 0Z";
  return `M${(CORNERS[shape] ?? []).map(([dx, dy]) => `${6 + dx * 4} ${6 + dy * 4}`).join("L")}Z`;
}

/** Whether a shape is drawn as an outline alone. */
export function isHollow(shape: Shape): boolean {
  return shape === "ring";
}

type Corner = readonly [number, number];
const PLUS: readonly Corner[] = [
  [-0.35, -1], [0.35, -1], [0.35, -0.35], [1, -0.35], [1, 0.35], [0.35, 0.35],
  [0.35, 1], [-0.35, 1], [-0.35, 0.35], [-1, 0.35], [-1, -0.35], [-0.35, -0.35],
];
const TURN = Math.SQRT1_2;
const CORNERS: Readonly<Partial<Record<Shape, readonly Corner[]>>> = {
  square: [[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]],
  triangle: [[0, -1.1], [1, 0.8], [-1, 0.8]],
  turned: [[0, 1.1], [1, -0.8], [-1, -0.8]],
  diamond: [[0, -1.2], [1.2, 0], [0, 1.2], [-1.2, 0]],
  plus: PLUS,
  cross: PLUS.map(([dx, dy]) => [(dx - dy) * TURN, (dx + dy) * TURN] as const),
};
