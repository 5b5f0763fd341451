// The interactive API page: shows /api/openapi.json and sends requests. Text enters the page as text only.

const SHOWN_HEADERS = [
  "content-type", "x-request-id", "x-registry-revision", "etag", "last-modified", "cache-control", "link",
  "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "retry-after", "allow",
];
const COLOURED_TOKENS = 60_000; // more than this is shown in one colour, so that the page stays quick
const TIMEOUT_SECONDS = 30;

let api = {};

// --- Elements

const byId = (id) => document.getElementById(id);

/** An element with attributes; children are elements, text, or lists of them. */
function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child || child === 0));
  return node;
}

const code = (text) => el("code", {}, String(text));
const plain = (value) => (typeof value === "string" ? value : JSON.stringify(value));
const limit = (...parts) => el("p", { class: "limit" }, parts);
const signature = (...parts) => el("p", { class: "signature" }, parts);
const typed = (schema) => el("span", { class: "type" }, typeName(schema));
const statusBadge = (status) => el("span", { class: `status status-${String(status)[0]}` }, String(status));
const codeBlock = (label, content) =>
  el("pre", { tabindex: 0, role: "region", "aria-label": label }, el("code", {}, content));

/** A disclosure whose content is made when it is first opened. */
function disclosure(kind, summary, build, open = false) {
  const node = el("details", { class: kind, open }, el("summary", {}, summary));
  const fill = () => node.append(el("div", { class: "inside" }, build()));
  if (open) fill();
  else node.addEventListener("toggle", fill, { once: true });
  return node;
}

/** The little Markdown that descriptions use: `code` within a line, and paragraphs. */
const inline = (text = "") => text.split(/`([^`]+)`/).map((part, n) => (n % 2 ? code(part) : part));
const prose = (text) => (text ? text.trim().split(/\n\s*\n/) : []).map((part) => el("p", {}, inline(part)));

/** A button that copies what `text` gives; nothing where the browser offers no clipboard. */
function copyButton(what, text) {
  if (!navigator.clipboard) return null;
  const attributes = { type: "button", class: "quiet", "aria-label": `Copy ${what}`, "aria-live": "polite" };
  const button = el("button", attributes, "Copy");
  const say = (shown, label) => { button.textContent = shown; button.setAttribute("aria-label", label); };
  button.addEventListener("click", async () => {
    const copied = await navigator.clipboard.writeText(text()).then(() => "Copied", () => "Not allowed");
    say(copied, copied);
    setTimeout(say, 2000, "Copy", `Copy ${what}`);
  });
  return button;
}

/** JSON text indented and coloured. Numbers stay as they were written. */
function prettyJson(text) {
  const tokens =
    /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|-?\d[\d.eE+-]*|true|false|null|\[\s*\]|\{\s*\}|[[\]{},]/g;
  const parts = [];
  let line = "\n";
  for (const [token, string, colon] of text.matchAll(tokens)) {
    if (string) parts.push([colon ? "key" : "string", string], ["", colon ? ": " : ""]);
    else if (token === "{" || token === "[") parts.push(["", token + (line += "  ")]);
    else if (token === "}" || token === "]") parts.push(["", (line = line.slice(0, -2)) + token]);
    else if (token === ",") parts.push(["", token + line]);
    else if (/[[{]/.test(token)) parts.push(["", token[0] + token.at(-1)]);
    else parts.push([/\d/.test(token) ? "number" : "literal", token]);
  }
  if (parts.length > COLOURED_TOKENS) return codeBlock("JSON", parts.map(([, part]) => part).join(""));
  const coloured = ([kind, part]) => (kind ? el("span", { class: `json-${kind}` }, part) : part);
  return codeBlock("JSON", parts.map(coloured));
}

// --- Schemas

/** What a `$ref` points at; anything else is itself. */
function resolve(node = {}) {
  if (!node.$ref) return node;
  const steps = node.$ref.split("/").slice(1);
  return { ...steps.reduce((at, step) => at?.[step.replaceAll("~1", "/").replaceAll("~0", "~")], api) };
}

const variants = (schema) => schema.anyOf ?? schema.oneOf ?? [];

/** Types in words, null last: "string or null". */
const either = (names) =>
  [...new Set(names)].sort((a, b) => (a === "null") - (b === "null")).join(" or ");

/** A type in words: "array of ModelView". */
function typeName(schema = {}) {
  if (schema.title) return schema.title;
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (variants(schema).length) return either(variants(schema).map(typeName));
  if (Array.isArray(schema.type)) return either(schema.type);
  if (schema.prefixItems) return `[${schema.prefixItems.map(typeName).join(", ")}]`;
  if (schema.type === "array") return `array of ${typeName(schema.items).replace(/^.* or .*$/, "($&)")}`;
  if (schema.additionalProperties?.type) return `map to ${typeName(schema.additionalProperties)}`;
  const type = schema.type ?? (schema.enum ? typeof schema.enum[0] : "any");
  return schema.format ? `${type} (${schema.format})` : type;
}

/** A range in words; a bound that bounds nothing is left out. */
function range(low, high = Infinity, unit = "") {
  if (high >= Number.MAX_SAFE_INTEGER) return low === undefined ? [] : [limit(`at least ${low}${unit}`)];
  return [limit(low === undefined ? `at most ${high}${unit}` : `${low} to ${high}${unit}`)];
}

/** What values a schema takes, beyond its type. */
function limits(schema = {}) {
  return [
    [...variants(schema), schema.items].filter(Boolean).map(limits),
    range(schema.minimum, schema.maximum),
    range(schema.minLength, schema.maxLength, " characters"),
    schema.enum && limit("one of ", schema.enum.map((word) => [code(word), " "])),
    schema.const !== undefined && limit("always ", code(plain(schema.const))),
    schema.pattern && limit("pattern ", code(schema.pattern)),
    (schema.default ?? null) !== null && limit("default ", code(plain(schema.default))),
  ];
}

/** What is said of a parameter or header: description, limits, example. */
const notes = ({ description, schema, example }) => [
  prose(description), limits(resolve(schema)),
  example !== undefined && limit("example ", code([example].flat().join(","))),
];

/** The objects within a schema, by name: those that can be unfolded. */
function objectsIn(schema) {
  if (!schema || typeof schema !== "object") return [];
  const target = resolve(schema);
  if (target.properties) return [[target.title ?? typeName(schema), target]];
  const { prefixItems = [], items, additionalProperties, contentSchema } = target;
  return [...variants(target), ...prefixItems, items, additionalProperties, contentSchema].flatMap(objectsIn);
}

/** The fields of an object. */
function fields({ properties, required = [] }) {
  return el("ul", { class: "fields" }, Object.entries(properties).map(([name, field]) => el("li", {},
    signature(code(name), " ", typed(field),
      !required.includes(name) && el("span", { class: "flag" }, "may be absent")),
    prose(field.description), limits(field),
    objectsIn(field).map(([title, object]) => disclosure("nested", title, () => fields(object))))));
}

// --- What an endpoint takes and answers

function parameterTable(parameters) {
  const rows = parameters.map((parameter) => el("tr", {},
    el("th", { scope: "row" }, code(parameter.name),
      parameter.required && el("span", { class: "flag" }, `${parameter.in}, required`)),
    el("td", {}, typed(parameter.schema)), el("td", {}, notes(parameter))));
  const head = ["Name", "Type", "Description"].map((title) => el("th", { scope: "col" }, title));
  return el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows));
}

function responseDetails([status, reference]) {
  const { description, headers = {}, content = {} } = resolve(reference);
  const headerItem = ([name, header]) =>
    el("li", {}, signature(code(name), " ", typed(resolve(header).schema)), notes(resolve(header)));
  const body = ([type, media]) => [
    signature("Body: ", typed(media.schema), ` as ${type}`),
    objectsIn(media.schema).map(([, object]) => [prose(object.description), fields(object)]),
    media.example && [signature("Example"), typeof media.example === "string"
      ? codeBlock("Example", media.example) : prettyJson(JSON.stringify(media.example))],
  ];
  return disclosure("response", [statusBadge(status), " ", inline(description)], () => [
    disclosure("nested", `Headers (${Object.keys(headers).length})`,
      () => el("ul", { class: "fields" }, Object.entries(headers).map(headerItem))),
    Object.entries(content).map(body),
  ], status === "200");
}

// --- Try it

const isList = (parameter) => resolve(parameter.schema).type === "array";

/** The input or select for one parameter. */
function control(parameter, id) {
  const schema = resolve(parameter.schema);
  const multiple = isList(parameter);
  const known = (multiple ? resolve(schema.items) : schema).enum;
  const words = known ?? (schema.type === "boolean" ? ["true", "false"] : null);
  const required = Boolean(parameter.required);
  const example = [parameter.example ?? schema.default ?? ""].flat().join(",");
  if (words) {
    const options = words.map((word) => el("option", {}, String(word)));
    const size = multiple && Math.min(words.length, 5);
    const none = schema.default === undefined ? "not set" : `default (${schema.default})`;
    return el("select", { id, required, multiple, size },
      !multiple && !required && el("option", { value: "" }, none), options);
  }
  const placeholder = example && `e.g. ${example}`;
  const shared = { id, required, placeholder, value: required && example, autocomplete: "off" };
  if (schema.type === "integer" || schema.type === "number") {
    const step = schema.type === "integer" ? 1 : "any";
    return el("input", { ...shared, type: "number", min: schema.minimum, max: schema.maximum, step });
  }
  return el("input", { ...shared, type: "text", autocapitalize: "none", spellcheck: "false" });
}

/** The values that a control holds. */
function valuesOf(parameter, node) {
  const given = node.multiple ? [...node.selectedOptions].map((option) => option.value) : [node.value];
  const values = isList(parameter) ? given.flatMap((value) => value.split(",")) : given;
  return values.map((value) => value.trim()).filter(Boolean);
}

const encode = (text) =>
  encodeURIComponent(text).replaceAll("%3A", ":").replaceAll("%2C", ",").replaceAll("'", "%27");

function urlFor(path, controls) {
  const query = [];
  for (const [parameter, node] of controls) {
    const values = valuesOf(parameter, node).map(encode);
    if (parameter.in === "path") path = path.replace(`{${parameter.name}}`, () => values.join(","));
    else query.push(...values.map((value) => `${encode(parameter.name)}=${value}`));
  }
  return location.origin + path + (query.length ? `?${query.join("&")}` : "");
}

/** A labelled control, with a hint where several values may be given. */
function field([parameter, node]) {
  const way = node.multiple ? "hold Ctrl or ⌘" : "separate by commas";
  const hint = isList(parameter) && `Several: ${way}.`;
  if (hint) node.setAttribute("aria-describedby", `${node.id}/hint`);
  return el("div", {},
    el("label", { for: node.id }, code(parameter.name), parameter.required && " (required)"), node,
    hint && el("p", { class: "hint", id: `${node.id}/hint` }, hint));
}

function tryIt({ path, operation, parameters, id }) {
  const inUrl = parameters.filter((parameter) => parameter.in !== "header");
  const controls = inUrl.map((parameter, n) => [parameter, control(parameter, `${id}/${n}`)]);
  const url = code("");
  const curl = code("");
  const said = el("p", { class: "said", role: "status" });
  const result = el("div", {});
  const send = el("button", { type: "submit" }, "Send");
  const form = el("form", { novalidate: true },
    el("div", { class: "controls" }, controls.map(field)),
    el("p", { class: "caption" }, "URL"), el("pre", {}, url),
    el("p", { class: "caption" }, "curl ", copyButton("the curl command", () => curl.textContent)),
    el("pre", {}, curl),
    el("p", { class: "buttons" }, send,
      controls.length > 0 && el("button", { type: "reset", class: "quiet" }, "Reset")));
  const update = () => {
    url.textContent = urlFor(path, controls);
    curl.textContent = `curl '${url.textContent}'`;
  };
  form.addEventListener("input", update);
  form.addEventListener("reset", () => setTimeout(update));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const missing = controls.find(([parameter, node]) => parameter.required && !valuesOf(parameter, node)[0]);
    result.replaceChildren();
    said.replaceChildren(missing ? `${missing[0].name} is required.` : "Waiting for the answer …");
    if (missing) return missing[1].focus();
    send.disabled = true;
    try {
      await showAnswer(url.textContent, operation, said, result);
    } catch (error) {
      const late = error.name === "TimeoutError" && `nothing came within ${TIMEOUT_SECONDS} seconds`;
      const why = late || `the server could not be reached (${error.message})`;
      said.replaceChildren(statusBadge("–"), ` No answer: ${why}.`);
    }
    send.disabled = false;
  });
  update();
  return [form, said, result];
}

const mediaType = (response) => response.headers.get("content-type") ?? "";

/** The headers worth showing, as a list. */
function headerList(response) {
  const headers = SHOWN_HEADERS.filter((name) => response.headers.has(name));
  return el("dl", {}, headers.map((name) => [el("dt", {}, name), el("dd", {}, response.headers.get(name))]));
}

/** Show a stream as it comes, until the request's time is over. */
async function showStream(response, said, result) {
  const shown = codeBlock("Events", "");
  said.replaceChildren(statusBadge(response.status), ` Following for ${TIMEOUT_SECONDS} seconds …`);
  result.replaceChildren(headerList(response), el("p", { class: "caption" }, "Events"), shown);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const end = await (async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return "The stream was ended.";
      shown.firstChild.append(value);
    }
  })().catch((error) => (error.name === "TimeoutError" ? "Not followed any longer." : error.message));
  said.replaceChildren(statusBadge(response.status), ` ${end}`);
}

/** Send the request; say how it went in `said`, show headers and body in `result`. */
async function showAnswer(url, operation, said, result) {
  const started = performance.now();
  const signal = AbortSignal.timeout(TIMEOUT_SECONDS * 1000);
  const response = await fetch(url, { cache: "no-store", credentials: "omit", signal });
  if (mediaType(response).startsWith("text/event-stream")) return showStream(response, said, result);
  const text = await response.text();
  const time = Math.round(performance.now() - started);
  let body = null;
  let shown = codeBlock("Body", text);
  try {
    body = JSON.parse(text);
    shown = prettyJson(text);
  } catch { /* not JSON: shown as it came */ }
  const meaning = body?.error?.message ?? resolve(operation.responses?.[response.status]).description ?? "";
  const size = new Blob([text]).size;
  said.replaceChildren(statusBadge(response.status), ` ${meaning} `, el("span", { class: "facts" },
    `${time} ms, ${size < 1000 ? `${size} bytes` : `${(size / 1000).toFixed(1)} kB`}`));
  const isPicture = mediaType(response).startsWith("image/");
  const picture = isPicture && el("p", {}, el("img", { src: url, alt: "The answer" }));
  result.replaceChildren(headerList(response),
    el("p", { class: "caption" }, "Body ", copyButton("the body", () => text)),
    ...[picture, shown].filter(Boolean));
}

// --- The page

function article(endpoint) {
  const { path, operation, parameters, title, id } = endpoint;
  return el("article", { id, "aria-labelledby": `${id}/title` },
    el("h3", { id: `${id}/title` }, title, " ",
      el("a", { class: "anchor", href: `#${id}`, "aria-label": `Link to ${title}` }, "#")),
    el("p", { class: "path" }, el("span", { class: "method" }, "GET"), " ",
      path.split(/(\{\w+\})/).map((part, n) => (n % 2 ? el("em", {}, part) : part))),
    prose(operation.description),
    parameters.length > 0 && [el("h4", {}, "Parameters"), parameterTable(parameters)],
    el("h4", {}, "Responses"), Object.entries(operation.responses ?? {}).map(responseDetails),
    el("h4", {}, "Try it"), disclosure("try", "Make a request", () => tryIt(endpoint)));
}

/** Every endpoint, with its place in the page and in the navigation. The API is read-only: all are GET. */
function endpoints() {
  return Object.entries(api.paths ?? {}).filter(([, item]) => item.get).map(([path, { get: operation }]) => {
    const parameters = (operation.parameters ?? []).map(resolve);
    const title = operation.summary ?? path;
    const tag = operation.tags?.[0] ?? "Other";
    const id = `operation/${operation.operationId ?? path}`;
    const endpoint = { path, operation, parameters, title, tag, id };
    endpoint.article = article(endpoint);
    endpoint.link = el("li", {}, el("a", { href: `#${id}`, title: path }, title));
    const words = [tag, path, title, operation.description, ...parameters.map(({ name }) => name)];
    endpoint.words = words.join(" ").toLowerCase();
    return endpoint;
  });
}

/** One section, and one group of links, for each tag. */
function renderTags(all) {
  const described = new Map((api.tags ?? []).map((tag) => [tag.name, tag.description]));
  for (const tag of new Set([...described.keys(), ...all.map((endpoint) => endpoint.tag)])) {
    const own = all.filter((endpoint) => endpoint.tag === tag);
    const id = `tag/${tag}`;
    byId("links").append(el("div", { class: "group" }, el("a", { class: "tag", href: `#${id}` }, tag),
      el("ul", {}, own.map((endpoint) => endpoint.link))));
    byId("endpoints").append(el("section", { id }, el("h2", {}, tag), prose(described.get(tag)),
      own.map((endpoint) => endpoint.article)));
  }
}

/** Show only the endpoints that have every word of the filter. */
function applyFilter(all) {
  const wanted = byId("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const { article, link, words } of all) {
    article.hidden = link.hidden = !wanted.every((word) => words.includes(word));
  }
  for (const group of document.querySelectorAll(".group, section")) {
    group.hidden = !group.querySelector(".group li:not([hidden]), article:not([hidden])");
  }
  const shown = all.filter(({ article }) => !article.hidden).length;
  byId("matches").textContent = wanted.length ? `${shown} of ${all.length} endpoints` : "";
  byId("state").textContent = shown ? "" : "No endpoint fits the filter.";
}

/** Mark the endpoint that is being read in the navigation. */
function followScrolling(all) {
  const visible = new Set();
  const observer = new IntersectionObserver((entries) => {
    for (const entry of entries) visible[entry.isIntersecting ? "add" : "delete"](entry.target);
    const current = all.find((endpoint) => visible.has(endpoint.article));
    for (const { link } of all) link.firstChild.removeAttribute("aria-current");
    current?.link.firstChild.setAttribute("aria-current", "location");
  }, { rootMargin: "-10% 0px -70% 0px" });
  for (const endpoint of all) observer.observe(endpoint.article);
}

/** Go to what the address names, even when the filter hides it. */
function followAddress(all) {
  let id = location.hash.slice(1);
  try { id = decodeURIComponent(id); } catch { /* not encoded */ }
  const target = byId(id);
  if (target?.closest("[hidden]")) {
    byId("filter").value = "";
    applyFilter(all);
  }
  target?.scrollIntoView();
}

function render() {
  const { title, version, license, description } = api.info ?? {};
  document.title = byId("title").textContent = title ?? "API";
  const licence = license ? ` · ${license.name} licence` : "";
  byId("version").textContent = `Version ${version} · OpenAPI ${api.openapi}${licence}`;
  byId("description").replaceChildren(...prose(description));
  const all = endpoints();
  renderTags(all);
  const wide = matchMedia("(min-width: 60rem)");
  const fitMenu = () => { byId("menu").open = wide.matches; };
  wide.addEventListener("change", fitMenu);
  byId("links").addEventListener("click", fitMenu);
  byId("filter").addEventListener("input", () => {
    applyFilter(all);
    byId("endpoints").scrollIntoView();
  });
  addEventListener("hashchange", () => followAddress(all));
  byId("navigation").hidden = false;
  fitMenu();
  followScrolling(all);
  followAddress(all);
}

async function start() {
  byId("state").textContent = "Loading the description of the API …";
  try {
    const response = await fetch("/api/openapi.json");
    api = await response.json();
    if (!response.ok) throw new Error(api.error?.message ?? `status ${response.status}`);
    byId("state").textContent = "";
    render();
  } catch (error) {
    byId("state").textContent = `The description of the API could not be shown: ${error.message}`;
  }
}

start();
