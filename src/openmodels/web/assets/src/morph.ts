// Makes a part of the page into what the server says it is now, by changing only what differs. So focus, scroll
// positions, open details, what is being typed and what is selected stay, and a status is said when it changes.

/** What the script has drawn. */
const OWN = ".plot";
/** Attributes that the reader or the script sets. */
const KEPT = new Set(["open", "aria-busy", "tabindex", "data-swap-ready"]);

/** Changes `old` into `fresh`, which is of the same tag and is used up. */
export function morph(old: Element, fresh: Element): void {
  takeAttributes(old, fresh);
  if (old instanceof HTMLTextAreaElement) return;
  if (old.isEqualNode(fresh)) return;
  morphChildren(old, fresh);
}

function morphChildren(old: Element, fresh: Element): void {
  const byId = new Map<string, Element>();
  for (const child of old.children) if (child.id) byId.set(child.id, child);
  let at: ChildNode | null = old.firstChild;
  for (const next of [...fresh.childNodes]) {
    const match = counterpart(at, next, byId);
    if (!match) {
      old.insertBefore(next, at);
      continue;
    }
    if (match !== at) old.insertBefore(match, at);
    else at = at.nextSibling;
    morphNode(match, next);
  }
  while (at) {
    const following: ChildNode | null = at.nextSibling;
    at.remove();
    at = following;
  }
}

/** The child that becomes `next`: the one with its id, or the one that stands here, if it is of its kind. */
function counterpart(at: ChildNode | null, next: ChildNode, byId: Map<string, Element>): ChildNode | null {
  if (next instanceof Element && next.id) {
    const found = byId.get(next.id);
    return found?.tagName === next.tagName ? found : null;
  }
  if (at?.nodeType !== next.nodeType) return null;
  if (at instanceof Element && next instanceof Element) {
    return !at.id && at.tagName === next.tagName && identity(at) === identity(next) ? at : null;
  }
  return at;
}

/** What must be the same where the reader's own state (a tick, an open fold) would else pass to another thing. */
function identity(element: Element): string {
  if (element instanceof HTMLInputElement) {
    const choice = element.type === "checkbox" || element.type === "radio";
    return `${element.type} ${element.name} ${choice ? element.defaultValue : ""}`;
  }
  if (element instanceof HTMLDetailsElement) return element.querySelector("summary")?.textContent ?? "";
  return "";
}

function morphNode(old: ChildNode, fresh: ChildNode): void {
  if (old instanceof Element && fresh instanceof Element) {
    if (old.matches(OWN) && fresh.matches(OWN)) return;
    morph(old, fresh);
  } else if (old.nodeValue !== fresh.nodeValue) {
    old.nodeValue = fresh.nodeValue;
  }
}

function takeAttributes(old: Element, fresh: Element): void {
  for (const { name, value } of fresh.attributes) {
    if (!KEPT.has(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const { name } of [...old.attributes]) {
    if (!KEPT.has(name) && !fresh.hasAttribute(name)) old.removeAttribute(name);
  }
}
