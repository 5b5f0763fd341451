// What the script has to tell: aloud only, or in sight at the lower edge of the window.

let aloud: HTMLElement | undefined;
let notice: HTMLElement | undefined;
let hiding: ReturnType<typeof setTimeout> | undefined;

/** Says something to who listens to the page. The page shows it elsewhere. */
export function say(text: string): void {
  aloud ??= region("hidden");
  // The same words twice are said twice only if they were gone in between.
  aloud.textContent = "";
  const said = aloud;
  setTimeout(() => (said.textContent = text), 50);
}

/** Shows a message, with a link where something can be done. */
export function show(text: string, link?: { href: string; text: string }): void {
  notice ??= region("notice");
  const parts: (Node | string)[] = [text];
  if (link) {
    const anchor = document.createElement("a");
    anchor.href = link.href;
    anchor.textContent = link.text;
    parts.push(" ", anchor);
  }
  notice.replaceChildren(...parts);
  clearTimeout(hiding);
  if (!link) hiding = setTimeout(hide, 6000);
}

/** Takes the message away. */
export function hide(): void {
  notice?.replaceChildren();
}

function region(className: string): HTMLElement {
  const element = document.createElement("div");
  element.className = className;
  element.setAttribute("role", "status");
  document.body.append(element);
  return element;
}
