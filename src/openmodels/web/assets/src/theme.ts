// Runs before the page is drawn, so that nothing flashes and nothing moves: says that there is script, and
// takes the chosen theme. It is no module, so it must import nothing.
{
  const root = document.documentElement;
  root.classList.add("script");
  try {
    const chosen = localStorage.getItem("theme");
    if (chosen === "light" || chosen === "dark") root.dataset["theme"] = chosen;
  } catch {
    // Storage may be forbidden; then the system's theme holds.
  }
  // Modules have run by then. Where app.ts could not be loaded, the page is what it is without script.
  document.addEventListener("DOMContentLoaded", () => {
    if (root.dataset["ready"] === undefined) root.classList.remove("script");
  });
}
