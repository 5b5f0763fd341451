// The switch between light and dark. What is chosen is kept in this browser, and shown in every open page.
export type Theme = "light" | "dark";

const KEY = "theme";
const root = document.documentElement;

/** The theme that is shown: the chosen one, or the system's. */
export function shownTheme(): Theme {
  const chosen = root.dataset["theme"];
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** Shows the other theme. Where it is the system's, nothing is kept, so that the page follows the system again. */
export function switchTheme(): void {
  const wanted: Theme = shownTheme() === "dark" ? "light" : "dark";
  const system: Theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  take(wanted === system ? null : wanted);
  try {
    if (wanted === system) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, wanted);
  } catch {
    // Storage may be forbidden; then it holds for this page.
  }
}

/** Calls back whenever another theme is shown, by the switch or by the system, until what it returns is called. */
export function onTheme(changed: () => void): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = new MutationObserver(changed);
  system.addEventListener("change", changed);
  chosen.observe(root, { attributeFilter: ["data-theme"] });
  return () => {
    system.removeEventListener("change", changed);
    chosen.disconnect();
  };
}

/** Makes the button in the header work. */
export function setUpSwitch(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-theme-switch]")) {
    button.hidden = false;
    button.addEventListener("click", switchTheme);
  }
  addEventListener("storage", (event) => {
    if (event.key === KEY) take(event.newValue === "light" || event.newValue === "dark" ? event.newValue : null);
  });
  onTheme(colourBrowser);
  colourBrowser();
}

function take(theme: Theme | null): void {
  if (theme === null) delete root.dataset["theme"];
  else root.dataset["theme"] = theme;
}

/** The browser's own frame has the colour of the page, in a chosen theme too. */
function colourBrowser(): void {
  const shown = shownTheme();
  const metas = [...document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')];
  const colours = metas.map((meta) => (meta.dataset["colour"] ??= meta.content));
  const wanted = metas.findIndex((meta) => meta.media.includes(shown));
  const colour = colours[wanted];
  if (colour === undefined) return;
  metas.forEach((meta, i) => {
    meta.content = root.dataset["theme"] === undefined ? (colours[i] ?? colour) : colour;
  });
}
