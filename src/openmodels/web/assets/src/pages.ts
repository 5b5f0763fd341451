// Pages of this site as the server renders them, and parts of them put into the page that is shown.
import { morph } from "./morph";

/** The event that tells on `document` that parts of the page were replaced; they stand in its `detail`. */
export const REPLACED = "openmodels:replaced";

/** A page that was asked for and is not to be had: its status, or 0 where no answer came. */
export class NoPage extends Error {
  constructor(readonly status: number) {
    super(`No page: ${status}`);
  }
}

/** Asks for a page. Raises NoPage, and AbortError when it was called off. */
export async function fetchPage(url: string, signal: AbortSignal, fresh = false): Promise<Document> {
  let response: Response;
  try {
    response = await fetch(url, {
      headers: { Accept: "text/html" },
      signal,
      cache: fresh ? "no-cache" : "default",
    });
  } catch (error) {
    throw signal.aborted ? error : new NoPage(0);
  }
  if (!response.ok) throw new NoPage(response.status);
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

/** Puts the regions with these ids of a page into this one. False, and nothing done, where one is missing. */
export function takeRegions(page: Document, ids: Iterable<string>): boolean {
  const pairs: [HTMLElement, HTMLElement][] = [];
  for (const id of ids) {
    const old = document.getElementById(id);
    const fresh = page.getElementById(id);
    if (!old || !fresh || old.tagName !== fresh.tagName) return false;
    pairs.push([old, fresh]);
  }
  for (const [old, fresh] of pairs) morph(old, fresh);
  document.dispatchEvent(new CustomEvent(REPLACED, { detail: pairs.map(([old]) => old) }));
  return true;
}
