// The sign that says whether the telemetry stream reaches this page: in the footer, and, when it does not, in
// sight above what is out of date.

/** A stream that breaks and comes back within this time is not worth a word. */
const PATIENCE_MS = 1000;

type State = "on" | "cut" | "off";

export class LiveSign {
  private state: State | undefined;
  private waiting: ReturnType<typeof setTimeout> | undefined;
  private mark: HTMLElement | undefined;

  /** Whether events were missed since the stream was heard last. */
  get isCut(): boolean {
    return this.waiting !== undefined || this.state === "cut" || this.state === "off";
  }

  on(): void {
    this.say("on", "Live");
  }

  cut(): void {
    if (this.isCut) return;
    this.waiting = setTimeout(() => this.say("cut", "Live updates are interrupted; trying again"), PATIENCE_MS);
  }

  off(seconds: number): void {
    this.say("off", `Live updates are off, since the server has too many; trying again in ${seconds} s`);
  }

  private say(state: State, text: string): void {
    clearTimeout(this.waiting);
    this.waiting = undefined;
    this.state = state;
    for (const sign of document.querySelectorAll<HTMLElement>("[data-live-sign]")) {
      const dot = document.createElement("i");
      dot.setAttribute("aria-hidden", "true");
      sign.dataset["state"] = state;
      sign.hidden = false;
      sign.replaceChildren(dot, text);
    }
    this.showMark(state === "on" ? "" : text);
  }

  /** The footer says it aloud, so this one is for the eye alone. */
  private showMark(text: string): void {
    if (!this.mark && text) {
      this.mark = document.createElement("p");
      this.mark.className = "live-mark";
      this.mark.setAttribute("aria-hidden", "true");
      document.body.append(this.mark);
    }
    if (this.mark) {
      this.mark.textContent = text;
      this.mark.hidden = text === "";
    }
  }
}
