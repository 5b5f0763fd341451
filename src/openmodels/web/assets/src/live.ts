// Keeps parts of the page up to date with the telemetry stream: `[data-live]`, `[data-last-check]`, and the sign
// that says whether the stream reaches this page.
import { LiveSign } from "./live-sign";
import { fetchPage, takeRegions } from "./pages";
import { swapping } from "./swap";
import { ago } from "./times";
import { streamAddress, told, type Wanted } from "./wanted";

const STREAM = "/api/telemetry/stream";
const REFRESH_MS = 10_000;
const SOON_MS = 300;
const AGAIN_MS = 10_000;
/** How long an unseen page may miss events before it is refreshed when it is seen again. */
const MISSED_MS = 5000;

interface Recorded {
  provider_id: string;
  model_id?: string;
  status?: string;
  checked_at?: string;
  response_time_ms?: number | null;
}

/** Follows the stream for the regions of this page, if it has some. */
export function setUpLive(): void {
  if (document.querySelector("[data-live]")) new Live(new LiveSign()).start();
}

class Live {
  private source: EventSource | undefined;
  private again: ReturnType<typeof setTimeout> | undefined;
  private refreshing: ReturnType<typeof setTimeout> | undefined;
  private refreshed = 0;
  private leftAt = 0;
  private readonly due = new Set<string>();

  constructor(private readonly sign: LiveSign) {}

  start(): void {
    document.addEventListener("visibilitychange", () => (document.hidden ? this.close() : this.comeBack()));
    addEventListener("pagehide", () => this.close());
    addEventListener("pageshow", (event) => event.persisted && this.comeBack());
    addEventListener("offline", () => {
      this.close();
      this.sign.cut();
    });
    addEventListener("online", () => this.comeBack());
    if (!document.hidden) this.open();
  }

  private open(): void {
    this.close();
    const source = new EventSource(streamAddress(STREAM, regions().map(wantedBy)));
    this.source = source;
    source.addEventListener("open", () => {
      // What was recorded meanwhile was told to nobody here.
      if (this.sign.isCut) this.refreshAll();
      this.sign.on();
    });
    source.addEventListener("check", (event) => this.take(event));
    source.addEventListener("measurement", (event) => this.take(event));
    source.addEventListener("gap", () => this.refreshAll());
    source.addEventListener("error", () => {
      if (source !== this.source) return;
      this.sign.cut();
      // The browser tries again by itself, but not after an answer that is no stream.
      if (source.readyState === EventSource.CLOSED) void this.findOut();
    });
  }

  private close(): void {
    this.source?.close();
    this.source = undefined;
    clearTimeout(this.again);
    if (this.leftAt === 0) this.leftAt = Date.now();
  }

  private comeBack(): void {
    if (this.source) return;
    if (this.leftAt && Date.now() - this.leftAt > MISSED_MS) this.refreshAll();
    this.leftAt = 0;
    this.open();
  }

  /** An EventSource does not tell why it was refused, so it is asked for once more by other means. */
  private async findOut(): Promise<void> {
    this.close();
    const calledOff = new AbortController();
    let wait = AGAIN_MS;
    try {
      const response = await fetch(STREAM, { signal: calledOff.signal, cache: "no-store" });
      if (response.status === 429 || response.status === 503) {
        const seconds = Number(response.headers.get("Retry-After"));
        if (seconds > 0) wait = Math.max(1, seconds) * 1000;
        this.sign.off(Math.round(wait / 1000));
      }
    } catch {
      // Not to be reached: the sign says so already.
    } finally {
      calledOff.abort();
    }
    this.again = setTimeout(() => !document.hidden && this.open(), wait);
  }

  private take(event: Event): void {
    if (!(event instanceof MessageEvent)) return;
    const recorded = JSON.parse(String(event.data)) as Recorded;
    if (event.type === "check") showCheck(recorded);
    for (const region of regions()) {
      if (told(wantedBy(region), recorded.provider_id, recorded.model_id)) this.due.add(region.id);
    }
    if (this.due.size > 0) this.plan();
  }

  private refreshAll(): void {
    for (const region of regions()) this.due.add(region.id);
    this.plan();
  }

  private plan(): void {
    if (this.refreshing) return;
    const wait = Math.max(SOON_MS, this.refreshed + REFRESH_MS - Date.now());
    this.refreshing = setTimeout(() => {
      this.refreshing = undefined;
      void this.refresh();
    }, wait);
  }

  /** Asks the server for the page as it is now. What the reader asks for meanwhile goes first. */
  private async refresh(): Promise<void> {
    if (document.hidden) return;
    this.refreshed = Date.now();
    if (swapping()) return this.plan();
    const address = location.href;
    const ids = [...this.due].filter((id) => document.getElementById(id));
    this.due.clear();
    try {
      const page = await fetchPage(address, AbortSignal.timeout(REFRESH_MS), true);
      if (address === location.href && !swapping()) for (const id of ids) takeRegions(page, [id]);
    } catch {
      // The next event refreshes it; whether the server is there, the sign says.
    }
  }
}

function regions(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>("[data-live][id]")];
}

function wantedBy(region: HTMLElement): Wanted {
  const words = (text: string | undefined): string[] => (text ?? "").split(/\s+/).filter(Boolean);
  return { providers: words(region.dataset["liveProviders"]), models: words(region.dataset["liveModels"]) };
}

/** Says a check at once where its provider's last one is said; the rest of the region follows from the server. */
function showCheck(check: Recorded): void {
  const at = Date.parse(check.checked_at ?? "");
  if (Number.isNaN(at)) return;
  for (const element of document.querySelectorAll<HTMLElement>("[data-last-check]")) {
    if (element.dataset["lastCheck"] !== check.provider_id) continue;
    const time = document.createElement("time");
    const now = Date.now();
    time.dateTime = new Date(at).toISOString();
    time.textContent = ago(Math.min(at, now), now);
    time.title = [check.status ?? "unknown", milliseconds(check.response_time_ms)].filter(Boolean).join(", ");
    element.replaceChildren(time);
  }
}

function milliseconds(value: number | null | undefined): string {
  if (value == null) return "";
  return value < 1000 ? `${value.toFixed(0)} ms` : `${(value / 1000).toFixed(2)} s`;
}
