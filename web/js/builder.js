// The page that builds a snippet: its options, the preview, and the texts to copy.

const DEFAULT_KNOBS = ["max_batch_size", "max_num_tokens", "free_gpu_memory_fraction"];
const DEFAULT_PARTS = ["verdict", "chart", "knobs"];
const FIRST_HEIGHT = 320;
const REST = 150;
// The version of links that the element means without one (embed.js).
const NEWEST = "v=2";

const by = (id) => document.getElementById(id);
const checked = (name) => [...document.querySelectorAll(`[name="${name}"]:checked`)].map(({ value }) => value);

// Escapes a value as the library does (push_escaped in src/link/mod.rs).
function escaped(text) {
  return encodeURIComponent(text)
    .replace(/%(2F|3A|2C|40)/g, decodeURIComponent)
    .replace(/['()*]|[._~:,@!]$/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

// The deployment in a page's title, "deployment · verdict — site". A later version may know better
// whether it fits.
const subjectOf = (title) => /^(.+) · [^·—]+ — [^—]+$/.exec(title)?.[1] ?? "";

// The configuration of a pasted text, in the form of a link. It has no character that ends a link
// or an attribute.
function fragmentOf(text) {
  const link = text.trim().replaceAll("&amp;", "&");
  const fragment = link.includes("#") ? link.slice(link.indexOf("#") + 1) : link.replace(/^[^?=]*\?/, "");
  const pairs = [...new URLSearchParams(fragment)].filter(([key]) => key !== "");
  return pairs.map(([key, value]) => `${escaped(key)}=${escaped(value)}`).join("&");
}

// The chosen options: those of the view, and those of the snippet alone.
function chosenOptions() {
  const show = checked("show");
  const whole = show.includes("everything");
  const readonly = by("readonly").checked;
  const knobs = by("knobs").value.split(/[\s,]+/).filter(Boolean);
  const view = {};
  if (whole) view.show = "everything";
  else if (show.length > 0 && show.join() !== DEFAULT_PARTS.join()) view.show = show.join();
  const hasKnobs = !whole && !readonly && show.includes("knobs") && knobs.length > 0;
  if (hasKnobs && knobs.join() !== DEFAULT_KNOBS.join()) view.knobs = knobs.join();
  if (checked("theme")[0] !== "auto") view.theme = checked("theme")[0];
  if (checked("units")[0] !== "GiB") view.units = checked("units")[0];
  if (readonly) view.readonly = "1";
  return { view, width: by("width").value, site: by("site").value.trim().replace(/\/?$/, "/") };
}

function queryOf(view) {
  const option = ([name, value]) => `${name}=${encodeURIComponent(value).replaceAll("%2C", ",")}`;
  return ["embed=1", ...Object.entries(view).map(option)].join("&");
}

// Preview

let configuration = fragmentOf(location.hash);
let title = "";
let frame = null;
let shownQuery = null;

function showPreview() {
  const { view, width } = chosenOptions();
  by("preview").style.maxWidth = width && `${width}px`;
  const query = queryOf(view);
  if (query === shownQuery) return;
  shownQuery = query;
  // A new frame: another address in the same frame would add an entry to the reader's history.
  const next = document.createElement("iframe");
  next.className = "trtllm-memory";
  next.title = "Preview";
  next.allow = "clipboard-write";
  next.src = `index.html?${query}${configuration && `#${configuration}`}`;
  next.addEventListener("configurationchange", ({ detail }) => {
    take(fragmentOf(detail.configuration), detail.title);
    loadSettings();
  });
  new ResizeObserver(showTexts).observe(next);
  frame = next;
  by("preview").replaceChildren(next);
}

function take(fragment, summary) {
  title = subjectOf(summary);
  if (fragment !== configuration) {
    configuration = fragment;
    by("configuration").value = configuration;
  }
  keep();
}

// Writes the configuration to this page's address and to the link to the calculator.
function keep() {
  const fragment = configuration && `#${configuration}`;
  history.replaceState(null, "", `${location.pathname}${location.search}${fragment}`);
  by("calculator").href = `index.html${fragment}`;
  showTexts();
}

function open(text) {
  configuration = fragmentOf(text);
  keep();
  const message = { source: "trtllm-memory", v: 1, set: "configuration", value: configuration };
  frame.contentWindow?.postMessage(message, location.origin);
}

// Fills the list of settings. The worker knows them.
let areSettingsLoaded = false;

function loadSettings() {
  if (areSettingsLoaded) return;
  areSettingsLoaded = true;
  const worker = new Worker(new URL("worker_loader.js", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }) => {
    if (!data.includes("\n")) return worker.postMessage("0\nask=help");
    worker.terminate();
    for (const line of data.split("\n").slice(1)) {
      const [key, help] = line.split("\t");
      if (help) by("add_knob").append(Object.assign(new Option(key, key), { title: help }));
    }
  };
}

// Texts

const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const html = (text) => text.replace(/[&<>"'{}]/g, (sign) => ENTITIES[sign] ?? `&#${sign.charCodeAt(0)};`);

const attribute = ([name, value]) => (value === null ? name : `${name}="${html(value)}"`);
const attributes = (pairs) => pairs.map(attribute).join(" ");

function markup(jsx, form, { view, width, site }) {
  const name = `GPU memory of ${title || "a TensorRT-LLM deployment"}`;
  const height = Math.round(frame?.offsetHeight || FIRST_HEIGHT);
  if (form === "element") {
    const settings = [...new URLSearchParams(configuration)].filter((pair) => pair.join("=") !== NEWEST);
    // JSX allows no dots in names, and neither a pinned comparison nor a tab is a setting.
    const plain = settings.every(([key]) => /^[a-z][a-z0-9_]*$/.test(key) && !["compare", "tab"].includes(key));
    const stated = plain ? settings : [["configuration", configuration]];
    const options = Object.entries(view).map(([key, value]) => [key, key === "readonly" && !jsx ? null : value]);
    const style = width ? (jsx ? ` style={{ maxWidth: ${width} }}` : ` style="max-width: ${width}px"`) : "";
    const link = `<a href="${html(`${site}index.html${configuration && `#${configuration}`}`)}">${html(name)}</a>`;
    const start = `<trtllm-memory-calculator ${attributes([...stated, ...options, ["title", name]])}${style}>`;
    return `${start}${link}</trtllm-memory-calculator>`;
  }
  const src = `${site}index.html?${queryOf(view)}${configuration && `#${configuration}`}`;
  const style = jsx
    ? `style={{ width: "100%", ${width && `maxWidth: ${width}, `}minHeight: ${height}, border: 0 }}`
    : `style="width: 100%; ${width && `max-width: ${width}px; `}min-height: ${height}px; border: 0"`;
  const rest = attributes([["src", src], ["title", name], ["loading", "lazy"], ["allow", "clipboard-write"]]);
  return `<iframe ${jsx ? "className" : "class"}="trtllm-memory" ${rest} ${style}></iframe>`;
}

const script = (site) => `<script src="${html(`${site}embed.js`)}" defer></script>`;
const quoted = (text) => JSON.stringify(text);

const KINDS = [
  { id: "html", name: "HTML", page: (text) => text, where: "Once in the page, anywhere", once: script },
  {
    id: "sphinx",
    name: "Sphinx",
    page: (text) => `.. raw:: html\n\n   ${text}\n`,
    where: "Once in conf.py",
    once: (site) => `html_js_files = [${quoted(`${site}embed.js`)}]`,
  },
  {
    id: "mkdocs",
    name: "MkDocs",
    page: (text) => text,
    where: "Once in mkdocs.yml",
    once: (site) => `extra_javascript:\n  - ${quoted(`${site}embed.js`)}`,
  },
  { id: "mdbook", name: "mdBook", page: (text) => text, where: "Once in theme/head.hbs", once: script },
  {
    id: "docusaurus",
    name: "Docusaurus",
    jsx: true,
    page: (text) => text,
    where: "Once in docusaurus.config.js",
    once: (site) => `scripts: [{ src: ${quoted(`${site}embed.js`)}, defer: true }],`,
  },
  { id: "mdx", name: "MDX", jsx: true, page: (text) => text, where: "Once in the layout of the site", once: script },
  {
    id: "react",
    name: "React",
    jsx: true,
    page: (text) => `export function GpuMemory() {\n  return (\n    ${text}\n  );\n}\n`,
    where: "Once in index.html, or in the root layout",
    once: script,
  },
];

let kind = KINDS[0];

function showTexts() {
  const options = chosenOptions();
  by("page_text").value = kind.page(markup(kind.jsx, checked("form")[0], options));
  by("site_text").value = kind.once(options.site);
  by("site_label").textContent = kind.where;
  for (const area of document.querySelectorAll(".text textarea")) {
    area.rows = area.value.split("\n").length;
  }
}

// Tabs, as in the calculator
function choose(next, focuses) {
  kind = next;
  for (const tab of by("kinds").children) {
    const chosen = tab.id === `kind_${kind.id}`;
    tab.ariaSelected = String(chosen);
    tab.tabIndex = chosen ? 0 : -1;
    if (chosen && focuses) tab.focus();
  }
  by("snippet").setAttribute("aria-labelledby", `kind_${kind.id}`);
  showTexts();
}

for (const one of KINDS) {
  const properties = { type: "button", id: `kind_${one.id}`, textContent: one.name };
  const tab = Object.assign(document.createElement("button"), properties);
  tab.setAttribute("role", "tab");
  tab.setAttribute("aria-controls", "snippet");
  tab.addEventListener("click", () => choose(one));
  by("kinds").append(tab);
}

by("kinds").addEventListener("keydown", (event) => {
  const here = KINDS.indexOf(kind);
  const next = { ArrowRight: here + 1, ArrowLeft: here - 1 + KINDS.length, Home: 0, End: KINDS.length - 1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  choose(KINDS[next % KINDS.length], true);
});

async function copy(button) {
  const area = by(button.dataset.copies);
  try {
    await navigator.clipboard.writeText(area.value);
    by("said").textContent = "Copied";
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  } catch {
    area.focus();
    area.select();
    by("said").textContent = "The browser doesn't let this page copy; the text is selected.";
  }
}

for (const button of document.querySelectorAll("[data-copies]")) button.addEventListener("click", () => copy(button));

let waiting = 0;

function changed({ target }) {
  if (target.id === "add_knob") return;
  if (target.id === "configuration") open(target.value);
  const whole = checked("show").includes("everything");
  for (const part of document.querySelectorAll('[name="show"]')) part.disabled = whole && part.value !== "everything";
  const hasKnobs = !whole && !by("readonly").checked && checked("show").includes("knobs");
  by("knobs").disabled = by("add_knob").disabled = !hasKnobs;
  clearTimeout(waiting);
  waiting = setTimeout(showPreview, REST);
  showTexts();
}

by("options").addEventListener("input", changed);
by("options").addEventListener("submit", (event) => event.preventDefault());
by("forms").addEventListener("input", showTexts);
by("add_knob").addEventListener("change", ({ target }) => {
  const knobs = by("knobs").value.split(/[\s,]+/).filter(Boolean);
  by("knobs").value = [...new Set([...(knobs.length > 0 ? knobs : DEFAULT_KNOBS), target.value])].join(", ");
  target.value = "";
  by("knobs").dispatchEvent(new Event("input", { bubbles: true }));
});
window.addEventListener("hashchange", () => {
  by("configuration").value = fragmentOf(location.hash);
  open(location.hash);
});

by("site").value = new URL("./", location.href).href;
by("configuration").value = configuration;
showPreview();
choose(kind);
