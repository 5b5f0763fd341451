// The palette: a dialog that finds models, providers, pages and actions by their names, for the keyboard first.
import { partsOf } from "./names";
import { fetchRegistry, sectionsFor, type Item, type Registry, type Section } from "./palette-items";

const LIST = "palette-list";
const LOADING = "Loading the names …";
const FAILED = "The names cannot be loaded at the moment. The search of all models works.";

let registry: Registry | null = null;
let loading: Promise<void> | undefined;
let failed = false;
let palette: Palette | undefined;

/** Loads the names, once; what could not be loaded is asked for again the next time. */
export function loadNames(): Promise<void> {
  loading ??= fetchRegistry().then(
    (found) => {
      registry = found;
      failed = false;
    },
    () => {
      failed = true;
      loading = undefined;
    },
  );
  return loading;
}

/** Opens it. */
export function openPalette(): void {
  palette ??= new Palette();
  palette.open();
}

class Palette {
  private readonly dialog = element("dialog", "palette");
  private readonly field = element("input", "");
  private readonly list = element("div", "palette-list");
  private readonly status = element("p", "palette-status");
  private options: { element: HTMLElement; item: Item }[] = [];
  private active = 0;

  constructor() {
    this.dialog.setAttribute("aria-label", "Find models, providers and pages");
    this.setUpField();
    this.list.id = LIST;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", "Results");
    this.status.setAttribute("role", "status");
    this.dialog.append(this.head(), this.status, this.list, hints());
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close();
    });
    this.dialog.addEventListener("keydown", (event) => this.onKey(event));
    this.list.addEventListener("pointermove", (event) => this.onPointer(event));
    this.list.addEventListener("click", (event) => this.onClick(event));
    document.body.append(this.dialog);
  }

  open(): void {
    if (this.dialog.open) return this.field.select();
    this.field.value = "";
    this.dialog.showModal();
    this.field.focus();
    this.show();
    void loadNames().then(() => this.dialog.open && this.show());
  }

  private setUpField(): void {
    const attributes = {
      type: "text", role: "combobox", autocomplete: "off", autocapitalize: "off", spellcheck: "false", maxlength: "200",
      enterkeyhint: "go", placeholder: "Find models, providers, pages", "aria-label": "Find models, providers and pages",
      "aria-autocomplete": "list", "aria-expanded": "true", "aria-controls": LIST,
    };
    for (const [name, value] of Object.entries(attributes)) this.field.setAttribute(name, value);
    this.field.addEventListener("input", () => this.show());
  }

  private head(): HTMLElement {
    const head = element("div", "palette-head");
    const close = element("button", "quiet");
    close.type = "button";
    close.textContent = "Close";
    close.addEventListener("click", () => this.dialog.close());
    head.append(this.field, close);
    return head;
  }

  /** Shows what fits what is written. */
  private show(): void {
    const sections = sectionsFor(this.field.value, registry);
    this.options = [];
    this.list.replaceChildren(...sections.map((section, i) => this.group(section, i)));
    this.list.scrollTop = 0;
    this.status.textContent = this.sum(sections);
    this.status.classList.toggle("hidden", !failed && (registry !== null || this.field.value === "") && this.found(sections) > 0);
    this.activate(0);
  }

  private found(sections: readonly Section[]): number {
    return sections.filter(({ title }) => title !== "Search").reduce((sum, { found }) => sum + found.length, 0);
  }

  private sum(sections: readonly Section[]): string {
    if (failed) return FAILED;
    if (registry === null) return LOADING;
    const found = this.found(sections);
    if (found === 0) return `Nothing is called “${this.field.value.trim().slice(0, 60)}”.`;
    return `${found} ${found === 1 ? "result" : "results"}`;
  }

  private group({ title, found }: Section, place: number): HTMLElement {
    const group = element("div", "");
    const head = element("div", "palette-title");
    head.id = `palette-title-${place}`;
    head.textContent = title;
    head.setAttribute("role", "presentation");
    group.setAttribute("role", "group");
    group.setAttribute("aria-labelledby", head.id);
    group.append(head, ...found.map(({ item, name, id }) => {
      const option = optionOf(item, name, id);
      option.id = `palette-option-${this.options.length}`;
      this.options.push({ element: option, item });
      return option;
    }));
    return group;
  }

  private activate(place: number): void {
    this.options[this.active]?.element.setAttribute("aria-selected", "false");
    const count = this.options.length;
    this.active = count === 0 ? 0 : (place + count) % count;
    const option = this.options[this.active]?.element;
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    // The title of the first group is seen again with its first entry.
    if (this.active === 0) this.list.scrollTop = 0;
    if (option) this.field.setAttribute("aria-activedescendant", option.id);
    else this.field.removeAttribute("aria-activedescendant");
  }

  private onKey(event: KeyboardEvent): void {
    if (event.isComposing || event.target !== this.field) return;
    const places: Record<string, number> = {
      ArrowDown: this.active + 1, ArrowUp: this.active - 1, Home: 0, End: this.options.length - 1,
    };
    const place = places[event.key];
    if (place !== undefined) {
      event.preventDefault();
      this.activate(place);
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.choose(this.active, event.ctrlKey || event.metaKey);
    }
  }

  private onPointer(event: PointerEvent): void {
    const place = this.placeOf(event.target);
    if (place >= 0 && place !== this.active) this.activate(place);
  }

  private onClick(event: MouseEvent): void {
    const place = this.placeOf(event.target);
    const item = this.options[place]?.item;
    // A link goes where it leads by itself, in a new window too.
    if (item?.run) this.choose(place, false);
    else if (item && !event.ctrlKey && !event.metaKey && !event.shiftKey) this.dialog.close();
  }

  private placeOf(target: EventTarget | null): number {
    return this.options.findIndex(({ element: option }) => target instanceof Node && option.contains(target));
  }

  private choose(place: number, apart: boolean): void {
    const item = this.options[place]?.item;
    if (!item) return;
    if (item.href && apart) {
      window.open(item.href, "_blank", "noopener");
      return;
    }
    this.dialog.close();
    if (item.run) item.run();
    else location.assign(item.href);
  }
}

function optionOf(item: Item, name: readonly number[], id: readonly number[]): HTMLElement {
  const option = element(item.run ? "button" : "a", "palette-option");
  if (option instanceof HTMLAnchorElement) option.href = item.href;
  else option.type = "button";
  option.tabIndex = -1;
  option.setAttribute("role", "option");
  option.setAttribute("aria-selected", "false");
  option.append(marked(item.name, name));
  if (item.id && item.id !== item.name) {
    const code = element("code", "");
    code.append(marked(item.id, id));
    option.append(code);
  }
  return option;
}

/** Text with its matching parts marked. It is text of the registry, so it never becomes markup. */
function marked(text: string, ranges: readonly number[]): HTMLElement {
  const name = element("bdi", "");
  name.append(...partsOf(text, ranges).map((part) => {
    if (!part.matches) return part.text;
    const mark = element("mark", "");
    mark.textContent = part.text;
    return mark;
  }));
  return name;
}

function hints(): HTMLElement {
  const line = element("p", "palette-hints");
  line.setAttribute("aria-hidden", "true");
  for (const [key, what] of [["↑ ↓", "choose"], ["Enter", "open"], ["Esc", "close"]] as const) {
    const kbd = element("kbd", "");
    kbd.textContent = key;
    const hint = element("span", "");
    hint.append(kbd, ` ${what}`);
    line.append(hint);
  }
  return line;
}

function element<K extends keyof HTMLElementTagNameMap>(tag: K, className: string): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  return made;
}
