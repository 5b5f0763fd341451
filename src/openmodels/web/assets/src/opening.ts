// Opens the palette: by its button, by Ctrl or Cmd and K, and by "/". What it needs is loaded when it is wanted.

/** Makes the keys and the button work. */
export function setUpPaletteKeys(): void {
  for (const button of document.querySelectorAll<HTMLElement>("[data-palette]")) {
    button.hidden = false;
    button.addEventListener("click", () => void open());
    for (const near of ["pointerenter", "focus"]) button.addEventListener(near, () => void load(), { once: true });
  }
  for (const key of document.querySelectorAll("[data-palette-key]")) {
    key.textContent = isMac() ? "⌘K" : "Ctrl K";
  }
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.altKey) return;
    const command = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "k";
    const slash = event.key === "/" && !event.ctrlKey && !event.metaKey && !isTyping(event.target);
    if (!command && !slash) return;
    event.preventDefault();
    void open();
  });
}

async function load(): Promise<typeof import("./palette")> {
  const palette = await import("./palette");
  void palette.loadNames();
  return palette;
}

async function open(): Promise<void> {
  try {
    (await load()).openPalette();
  } catch {
    // Without it there is still the page that searches.
    location.assign("/models");
  }
}

function isTyping(target: EventTarget | null): boolean {
  // A field of a dialog that was just closed keeps the focus until the page is painted again.
  if (!(target instanceof HTMLElement) || !target.checkVisibility()) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button", "submit", "range"].includes(target.type);
}

function isMac(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.platform);
}
