// Which events of the telemetry stream a page wants. Nothing here knows of a page.

/** What a region shows; empty is anything. */
export interface Wanted {
  providers: readonly string[];
  models: readonly string[];
}

/** More than this makes too long an address; then everything is sent, and chosen from here. */
const MOST = 60;

/** The stream's address that sends what any of these want, and as little else as it can. */
export function streamAddress(stream: string, all: readonly Wanted[]): string {
  const query = new URLSearchParams();
  const providers = [...new Set(all.flatMap((one) => one.providers))];
  const models = [...new Set(all.flatMap((one) => one.models))];
  // A filter by model leaves checks out, so it holds only where no region names providers.
  if (all.length > 0 && all.every((one) => one.providers.length > 0)) {
    if (providers.length <= MOST) for (const id of providers) query.append("provider", id);
  } else if (all.length > 0 && all.every((one) => one.providers.length === 0 && one.models.length > 0)) {
    if (models.length <= MOST) for (const id of models) query.append("model", id);
  }
  const text = query.toString();
  return text ? `${stream}?${text}` : stream;
}

/** Whether an event changes what is shown. A check is of no model: it matters to who names its provider. */
export function told(wanted: Wanted, provider: string, model?: string): boolean {
  if (wanted.providers.length > 0 && !wanted.providers.includes(provider)) return false;
  if (wanted.models.length === 0) return true;
  return model === undefined ? wanted.providers.length > 0 : wanted.models.includes(model);
}
