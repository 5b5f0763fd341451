// Forms and links that change parts of the page: `<form data-swap="ID ...">` and the links in `[data-swap-links]`.
// The parts come from the page that they would lead to, so without script they lead there.
import { fetchPage, NoPage, takeRegions } from "./pages";
import { hide, show } from "./say";

const WAIT_MS = 250;
/** Fields that are not written into. */
const CHOSEN: readonly string[] = ["checkbox", "radio", "hidden", "submit", "button", "reset", "image"];

type Step = "push" | "replace" | "none";

let running: AbortController | undefined;
let waiting: ReturnType<typeof setTimeout> | undefined;
/** The form whose change is about to be sent. */
let changed: HTMLFormElement | undefined;
let shown = here();

/** Makes all forms and links of the page swap, those too that come with a swapped part. */
export function setUpSwap(): void {
  if (!document.querySelector("form[data-swap], [data-swap-links]")) return;
  document.addEventListener("input", (event) => onField(event, WAIT_MS));
  document.addEventListener("change", (event) => onField(event, 0));
  document.addEventListener("submit", onSubmit);
  document.addEventListener("click", onClick);
  addEventListener("popstate", () => {
    if (here() !== shown) void swap(new URL(location.href), regions(), "none", true);
  });
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-swap]")) form.dataset["swapReady"] = "";
}

/** Whether a part of the page is being swapped. */
export function swapping(): boolean {
  return running !== undefined || waiting !== undefined;
}

/** Where a form leads, as it stands: fields that are empty are left out. */
export function addressOf(action: string, fields: Iterable<[string, FormDataEntryValue]>): URL {
  const url = new URL(action, location.href);
  url.search = "";
  url.hash = "";
  for (const [name, value] of fields) {
    if (typeof value === "string" && value.trim() !== "") url.searchParams.append(name, value);
  }
  return url;
}

function here(): string {
  return location.pathname + location.search;
}

function swapForm(element: EventTarget | null): HTMLFormElement | null {
  const form = (element as HTMLInputElement | null)?.form;
  return form instanceof HTMLFormElement && form.dataset["swap"] ? form : null;
}

function isTyped(field: EventTarget | null): boolean {
  return field instanceof HTMLTextAreaElement
    || (field instanceof HTMLInputElement && !CHOSEN.includes(field.type));
}

function onField(event: Event, wait: number): void {
  const form = swapForm(event.target);
  // A choice comes as both events; what is typed was taken as it was typed.
  if (!form || (event.type === "change") === isTyped(event.target)) return;
  clearTimeout(waiting);
  changed = form;
  waiting = setTimeout(() => {
    callOff();
    if (form.isConnected && form.checkValidity()) send(form, isTyped(event.target) ? "replace" : "push");
  }, wait);
}

/** Calls off what waits to be sent. */
function callOff(): void {
  clearTimeout(waiting);
  waiting = changed = undefined;
}

function onSubmit(event: SubmitEvent): void {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.dataset["swap"]) return;
  event.preventDefault();
  send(form, "push", event.submitter);
}

function send(form: HTMLFormElement, step: Step, submitter: HTMLElement | null = null): void {
  const url = addressOf(form.getAttribute("action") ?? location.pathname, new FormData(form, submitter));
  void swap(url, idsIn(form.dataset["swap"]), url.pathname + url.search === shown ? "none" : step, false);
}

function onClick(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const at = event.target instanceof Element ? event.target : null;
  const link = at?.closest<HTMLAnchorElement>("[data-swap-links] a[href]");
  if (!link || link.target || link.origin !== location.origin || link.pathname !== location.pathname) return;
  if (link.hash && link.search === location.search) return;
  const ids = regionsOf(link);
  if (ids.length === 0) return;
  event.preventDefault();
  void swap(new URL(link.href), ids, "push", true, link);
}

/** The regions that a link swaps: those that are named, else the one it stands in, else the page's first. */
function regionsOf(link: Element): string[] {
  const named = idsIn(link.closest<HTMLElement>("[data-swap-links]")?.dataset["swapLinks"]);
  if (named.length > 0) return named;
  const ids = regions();
  return ids.filter((id) => document.getElementById(id)?.contains(link)).concat(ids).slice(0, 1);
}

function regions(): string[] {
  const ids = [...document.querySelectorAll<HTMLElement>("form[data-swap], [data-swap-links]")].flatMap(
    (element) => idsIn(element.dataset["swap"] || element.dataset["swapLinks"]),
  );
  return [...new Set(ids)].filter((id) => document.getElementById(id));
}

function idsIn(text: string | undefined): string[] {
  return text?.split(/\s+/).filter(Boolean) ?? [];
}

async function swap(url: URL, ids: string[], step: Step, fields: boolean, link?: HTMLAnchorElement): Promise<void> {
  running?.abort();
  callOff();
  const own = (running = new AbortController());
  for (const id of ids) document.getElementById(id)?.setAttribute("aria-busy", "true");
  try {
    const page = await fetchPage(url.href, own.signal);
    if (running !== own) return;
    // Before the parts are taken out of the page that they came with.
    const states = fields ? fieldsIn(page) : null;
    if (!takeRegions(page, ids)) return leave(url, step);
    settleFields(ids);
    hide();
    remember(url, step);
    document.title = page.title;
    states?.forEach((state, key) => takeFields(key, state));
    if (link && /\b(next|prev)\b/.test(link.rel)) toTop(ids[0]);
  } catch (error) {
    if (running === own) failed(error, url, step);
  } finally {
    if (running === own) {
      running = undefined;
      for (const id of ids) document.getElementById(id)?.removeAttribute("aria-busy");
    }
  }
}

function remember(url: URL, step: Step): void {
  if (step === "push") history.pushState(null, "", url);
  else if (step === "replace") history.replaceState(history.state, "", url);
  shown = here();
}

function failed(error: unknown, url: URL, step: Step): void {
  if (!(error instanceof NoPage)) throw error;
  // The server's own page says best what is wrong; but it must not come over who is typing.
  if (error.status !== 0 && step !== "replace") return leave(url, step);
  const text = error.status === 0 ? "The server cannot be reached." : "That cannot be shown here.";
  show(text, { href: url.href, text: "Load the page" });
}

function leave(url: URL, step: Step): void {
  if (step === "none") location.reload();
  else location.assign(url);
}

/** What the forms of a page hold, by what finds them. */
function fieldsIn(page: Document): Map<string, FormData> {
  const forms = [...page.querySelectorAll<HTMLFormElement>("form[data-swap]")];
  return new Map(forms.map((form) => [selectorOf(form), new FormData(form)]));
}

function selectorOf(form: HTMLFormElement): string {
  return form.id ? `#${CSS.escape(form.id)}` : `form[data-swap="${CSS.escape(form.dataset["swap"] ?? "")}"]`;
}

/** After a step back, or a link, a form holds what the server read, and not what was last put into it. */
function takeFields(selector: string, state: FormData): void {
  for (const field of document.querySelector<HTMLFormElement>(selector)?.elements ?? []) {
    if (field instanceof HTMLInputElement) {
      const values = state.getAll(field.name);
      if (field.type === "checkbox" || field.type === "radio") field.checked = values.includes(field.value);
      else if (isTyped(field)) field.value = String(values[0] ?? "");
    } else if (field instanceof HTMLSelectElement) {
      const values = state.getAll(field.name);
      for (const option of field.options) option.selected = values.includes(option.value);
    }
  }
}

/** Forms that stand in what they swap show what the server read, but for the field that is being typed in.
 *  One that was changed since it was asked keeps what it holds, which is about to be sent. */
function settleFields(ids: string[]): void {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-swap]")) {
    if (form === changed || !ids.some((id) => document.getElementById(id)?.contains(form))) continue;
    for (const field of form.elements) {
      if (!isTyped(field) || field !== document.activeElement) settleField(field);
    }
  }
}

function settleField(field: Element): void {
  if (field instanceof HTMLInputElement) {
    if (field.type === "checkbox" || field.type === "radio") field.checked = field.defaultChecked;
    else field.value = field.defaultValue;
  } else if (field instanceof HTMLSelectElement) {
    for (const option of field.options) option.selected = option.defaultSelected;
  }
}

/** Another page of a list is read from its top, by eye and by keyboard. */
function toTop(id: string | undefined): void {
  const region = id === undefined ? null : document.getElementById(id);
  if (!region) return;
  if (!region.hasAttribute("tabindex")) region.tabIndex = -1;
  region.focus({ preventScroll: true });
  region.scrollIntoView({ block: "start" });
}
