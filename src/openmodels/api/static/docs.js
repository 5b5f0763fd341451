// The interactive API page: shows /api/openapi.json and sends requests. Text enters the page as text only.

import {
  api, code, codeBlock, copyButton, disclosure, el, parameterTable, prettyJson, prose, resolve,
  responseDetails, statusBadge,
} from "./describe.js";

const SHOWN_HEADERS = [
  "content-type", "x-request-id", "x-registry-revision", "etag", "last-modified", "cache-control", "link",
  "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "retry-after", "allow",
];
const TIMEOUT_SECONDS = 30;

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

const byId = (id) => document.getElementById(id);

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
    const loaded = await response.json();
    if (!response.ok) throw new Error(loaded.error?.message ?? `status ${response.status}`);
    Object.assign(api, loaded);
    byId("state").textContent = "";
    render();
  } catch (error) {
    byId("state").textContent = `The description of the API could not be shown: ${error.message}`;
  }
}

start();
