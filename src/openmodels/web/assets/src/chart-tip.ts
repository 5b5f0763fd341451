// The box that follows the pointer and says the values. Who reads them otherwise has the table.

export interface TipLine {
  colour: string;
  name: string;
  value: string;
}

const AWAY = 14;

/** Shows what is at a place of the plot; the place is in pixels from the holder's upper left corner. */
export function showTip(tip: HTMLElement, head: string, lines: readonly TipLine[], x: number, y: number): void {
  const title = document.createElement("strong");
  const name = document.createElement("bdi");
  name.textContent = head;
  title.append(name);
  tip.replaceChildren(title, ...lines.map(lineOf));
  tip.hidden = false;
  const room = tip.offsetParent instanceof HTMLElement ? tip.offsetParent : document.body;
  const { offsetWidth: width, offsetHeight: height } = tip;
  const left = x + AWAY + width <= room.clientWidth ? x + AWAY : x - AWAY - width;
  const top = Math.min(Math.max(0, y - height / 2), Math.max(0, room.clientHeight - height));
  tip.style.transform = `translate(${Math.round(Math.max(0, left))}px, ${Math.round(top)}px)`;
}

/** Takes the box away. */
export function hideTip(tip: HTMLElement): void {
  tip.hidden = true;
}

function lineOf({ colour, name, value }: TipLine): HTMLElement {
  const line = document.createElement("span");
  const sign = document.createElement("i");
  const label = document.createElement("bdi");
  const figure = document.createElement("b");
  sign.style.backgroundColor = colour;
  label.textContent = name;
  figure.textContent = value;
  line.append(sign, label, figure);
  return line;
}
