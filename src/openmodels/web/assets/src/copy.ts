// Buttons that copy the code beside them.
import { say } from "./say";

const SHOWN_MS = 2000;

/** Shows the buttons in `root`; without script they could do nothing. */
export function showCopyButtons(root: ParentNode): void {
  for (const button of root.querySelectorAll<HTMLElement>("[data-copy][hidden]")) button.hidden = false;
}

/** Makes all of them work, those too that come later. */
export function setUpCopy(): void {
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-copy]") : null;
    if (button) void copy(button);
  });
}

async function copy(button: HTMLElement): Promise<void> {
  const text = button.dataset["copy"] || button.parentElement?.querySelector("code")?.textContent || "";
  const done = await write(text);
  const words = done ? "Copied" : "Could not copy";
  const label = button.querySelector("span") ?? button;
  const before = (button.dataset["says"] ??= label.textContent ?? "");
  label.textContent = words;
  say(words);
  setTimeout(() => (label.textContent = before), SHOWN_MS);
}

async function write(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return writeByHand(text);
  }
}

/** Over plain HTTP there is no clipboard; copying what is selected works everywhere. */
function writeByHand(text: string): boolean {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "hidden";
  area.readOnly = true;
  const focused = document.activeElement;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  return done;
}
