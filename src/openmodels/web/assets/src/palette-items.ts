// What the palette offers: names of the registry, pages and actions.
import { Names, type Found, type Named } from "./names";
import { shownTheme, switchTheme } from "./switch";

/** One thing that can be chosen: it leads somewhere, or does something. */
export interface Item extends Named {
  href: string;
  run?: () => void;
}

export interface Section {
  title: string;
  found: Found<Item>[];
}

interface NameIndex {
  models: { id: string; name: string; vendor: string | null }[];
  providers: { id: string; name: string }[];
}

export interface Registry {
  models: Names<Item>;
  providers: Names<Item>;
}

const INDEX = "/api/search/index";
const MODELS = 8;
const PROVIDERS = 5;
const OTHERS = 5;
const COMPARED = 5;
/** From this tier on, names are only similar to what is asked for. */
const SIMILAR = 3;

/** Asks the server for all names. Raises an Error where it does not answer with them. */
export async function fetchRegistry(): Promise<Registry> {
  const response = await fetch(INDEX);
  if (!response.ok) throw new Error(`No names: ${response.status}`);
  const { models, providers } = (await response.json()) as NameIndex;
  return {
    models: new Names(models.map(({ id, name, vendor }) => (
      { id, name, also: vendor ?? "", href: `/models/${encodeURIComponent(id)}` }
    ))),
    providers: new Names(providers.map(({ id, name }) => (
      { id, name, also: "", href: `/providers/${encodeURIComponent(id)}` }
    ))),
  };
}

/** What is offered for a query; the sections that fit best come first. */
export function sectionsFor(query: string, registry: Registry | null): Section[] {
  const pages = pageItems();
  const actions = actionItems();
  if (query.trim() === "") {
    return [{ title: "Pages", found: pages.map(whole) }, { title: "Actions", found: actions.map(whole) }];
  }
  const sections: Section[] = [
    { title: "Models", found: registry?.models.find(query, MODELS) ?? [] },
    { title: "Providers", found: registry?.providers.find(query, PROVIDERS) ?? [] },
    { title: "Pages", found: new Names(pages).find(query, OTHERS).filter(({ tier }) => tier < SIMILAR) },
    { title: "Actions", found: new Names(actions).find(query, OTHERS).filter(({ tier }) => tier < SIMILAR) },
  ];
  const compared = registry ? comparison(query, registry.models) : null;
  if (compared) sections.unshift({ title: "Compare", found: [whole(compared)] });
  // What is only similar is offered where nothing is the same.
  const worst = sections.some(({ found }) => found.some(({ tier }) => tier < SIMILAR)) ? SIMILAR - 1 : SIMILAR;
  for (const section of sections) section.found = section.found.filter(({ tier }) => tier <= worst);
  const fitting = sections.filter(({ found }) => found.length > 0);
  fitting.sort((a, b) => best(a) - best(b));
  return [...fitting, { title: "Search", found: [whole(searchItem(query.trim()))] }];
}

/** `compare a b`, `a vs b`: the models that are meant, side by side; null where it is no such query. */
function comparison(query: string, models: Names<Item>): Item | null {
  const asked = /^\s*compare\s+(.+)$/i.exec(query)?.[1];
  if (!asked && !/\svs\.?\s/i.test(query)) return null;
  const parts = (asked ?? query).split(/\s+(?:vs\.?|with|and|to)\s+|\s*,\s*/i);
  const texts = parts.length > 1 ? parts : runsOf(asked?.split(/\s+/) ?? [], models);
  const found = texts.flatMap((text) => models.find(text, 1).map(({ item }) => item));
  const meant = [...new Set(found)].slice(0, COMPARED);
  if (meant.length < 2) return null;
  const href = `/compare?${new URLSearchParams(meant.map(({ id }) => ["model", id]))}`;
  return { name: `Compare ${meant.map(({ name }) => name).join(", ")}`, id: "", also: "", href };
}

/** Words as names that stand one after the other: each run is the longest that a name begins with. */
function runsOf(words: readonly string[], models: Names<Item>): string[] {
  for (let length = words.length; length > 0; length--) {
    const run = words.slice(0, length).join(" ");
    if ((models.find(run, 1)[0]?.tier ?? 3) <= 1) return [run, ...runsOf(words.slice(length), models)];
  }
  return [];
}

function pageItems(): Item[] {
  const links = document.querySelectorAll<HTMLAnchorElement>("header.top nav a[href]");
  const pages = [...links].map((link) => ({
    name: link.textContent?.trim() ?? "", id: link.getAttribute("href") ?? "", also: "", href: link.href,
  }));
  return [{ name: "Home", id: "/", also: "start", href: "/" }, ...pages];
}

function actionItems(): Item[] {
  const other = shownTheme() === "dark" ? "light" : "dark";
  const actions: Item[] = [
    { name: `Switch to the ${other} theme`, id: "", also: "colour mode", href: "", run: switchTheme },
  ];
  const model = /^\/models\/([^/]+)$/.exec(location.pathname)?.[1];
  const title = document.querySelector("h1")?.textContent?.trim();
  if (model && title) {
    actions.unshift({ name: `Compare ${title} with others`, id: "", also: "", href: `/compare?model=${model}` });
  }
  return actions;
}

function searchItem(query: string): Item {
  const href = `/models?${new URLSearchParams({ search: query.slice(0, 200) })}`;
  return { name: `Search all models for “${query}”`, id: "", also: "", href };
}

function whole(item: Item): Found<Item> {
  return { item, name: [], id: [], tier: 2 };
}

function best({ found }: Section): number {
  return Math.min(...found.map(({ tier }) => tier));
}
