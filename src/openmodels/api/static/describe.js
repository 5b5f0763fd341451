// What /api/openapi.json says, as elements of a page. Text enters the page as text only.

const COLOURED_TOKENS = 60_000; // more than this is shown in one colour, so that the page stays quick

/** The description of the API; whoever loads it fills this in. */
export const api = {};

// --- Elements

/** An element with attributes; children are elements, text, or lists of them. */
export function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child || child === 0));
  return node;
}

export const code = (text) => el("code", {}, String(text));
const plain = (value) => (typeof value === "string" ? value : JSON.stringify(value));
const limit = (...parts) => el("p", { class: "limit" }, parts);
const signature = (...parts) => el("p", { class: "signature" }, parts);
const typed = (schema) => el("span", { class: "type" }, typeName(schema));
export const statusBadge = (status) =>
  el("span", { class: `status status-${String(status)[0]}` }, String(status));
export const codeBlock = (label, content) =>
  el("pre", { tabindex: 0, role: "group", "aria-label": label }, el("code", {}, content));

/** A disclosure whose content is made when it is first opened. */
export function disclosure(kind, summary, build, open = false) {
  const node = el("details", { class: kind, open }, el("summary", {}, summary));
  const fill = () => node.append(el("div", { class: "inside" }, build()));
  if (open) fill();
  else node.addEventListener("toggle", fill, { once: true });
  return node;
}

/** The little Markdown that descriptions use: `code` within a line, and paragraphs. */
const inline = (text = "") => text.split(/`([^`]+)`/).map((part, n) => (n % 2 ? code(part) : part));
export const prose = (text) =>
  (text ? text.trim().split(/\n\s*\n/) : []).map((part) => el("p", {}, inline(part)));

/** A button that copies what `text` gives; nothing where the browser offers no clipboard. */
export function copyButton(what, text) {
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
export function prettyJson(text) {
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
export function resolve(node = {}) {
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

export function parameterTable(parameters) {
  const rows = parameters.map((parameter) => el("tr", {},
    el("th", { scope: "row" }, code(parameter.name),
      parameter.required && el("span", { class: "flag" }, `${parameter.in}, required`)),
    el("td", {}, typed(parameter.schema)), el("td", {}, notes(parameter))));
  const head = ["Name", "Type", "Description"].map((title) => el("th", { scope: "col" }, title));
  return el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows));
}

export function responseDetails([status, reference]) {
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
