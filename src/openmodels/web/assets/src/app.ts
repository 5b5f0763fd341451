// What every page does with script; without it, every page is complete.
import { setUpCopy, showCopyButtons } from "./copy";
import { setUpLive } from "./live";
import { setUpPaletteKeys } from "./opening";
import { REPLACED } from "./pages";
import { setUpSwap } from "./swap";
import { setUpSwitch } from "./switch";
import { setUpTimes } from "./times";

/** What is done to the page at first, and to each part that is replaced. */
function enhance(root: ParentNode): void {
  showCopyButtons(root);
  const figures = root.querySelectorAll<HTMLElement>("[data-chart]");
  if (figures.length > 0) void drawCharts([...figures]);
}

/** Charts are loaded only by pages that have some; their figures stand in tables, so that nothing is lost. */
async function drawCharts(figures: HTMLElement[]): Promise<void> {
  try {
    const { drawChart } = await import("./charts");
    for (const figure of figures) drawChart(figure);
  } catch (error) {
    for (const figure of figures) figure.classList.add("undrawn");
    throw error;
  }
}

/** On a narrow screen the navigation scrolls: it begins where the reader is. */
function showCurrent(): void {
  const nav = document.querySelector<HTMLElement>("header.top nav");
  const current = nav?.querySelector<HTMLElement>("[aria-current]");
  if (!nav || !current || nav.scrollWidth <= nav.clientWidth) return;
  nav.scrollLeft += current.getBoundingClientRect().right - nav.getBoundingClientRect().right + nav.clientWidth / 3;
}

document.documentElement.dataset["ready"] = "";
showCurrent();
setUpSwitch();
setUpPaletteKeys();
setUpSwap();
setUpCopy();
setUpTimes();
setUpLive();
enhance(document);
document.addEventListener(REPLACED, (event) => {
  for (const region of (event as CustomEvent<HTMLElement[]>).detail) enhance(region.parentElement ?? region);
});
