// The calculator inside another page: what the address's query asks of its looks, and the talk with the page around it.
// Loaded only there, before the program starts. docs/embedding.md says what may be asked and said.

const SOURCE = "trtllm-memory";
const VERSION = 1;
// No message is longer, in bytes of its JSON.
const LONGEST = 16384;
const PARTS = ["verdict", "chart", "table", "knobs"];
const DEFAULT_PARTS = ["verdict", "chart", "knobs"];
const THEMES = ["light", "dark", "auto"];

const root = document.documentElement;
const query = new URLSearchParams(location.search);
const warnings = [];

// The words of a list, or nothing where the query doesn't have it.
const words = (name) => query.get(name)?.split(/[\s,]+/).filter(Boolean);

function readOptions() {
  const theme = query.get("theme");
  if (theme && !THEMES.includes(theme)) warnings.push(`theme=${theme} must be light, dark or auto.`);
  const units = query.get("units");
  if (units && !["gib", "gb"].includes(units.toLowerCase())) warnings.push(`units=${units} must be GiB or GB.`);
  const readonly = query.get("readonly");
  if (readonly && !["0", "1"].includes(readonly)) warnings.push(`readonly=${readonly} must be 1 or 0.`);
  if (readonly === "1") root.dataset.readonly = "";

  const asked = words("show") ?? [];
  const shown = PARTS.filter((part) => asked.includes(part));
  for (const part of asked) {
    if (!PARTS.includes(part) && part !== "everything") {
      warnings.push(`show=${part} must be everything, or of ${PARTS.join(", ")}.`);
    }
  }
  const whole = asked.includes("everything");
  root.dataset.embed = whole ? "everything" : "compact";
  const parts = shown.length > 0 ? shown : DEFAULT_PARTS;
  if (!whole) root.dataset.show = parts.filter((part) => part !== "knobs" || readonly !== "1").join(" ");
  const knobs = words("knobs");
  if (knobs) root.dataset.knobs = [...new Set(knobs)].join(" ");
}

// The rules of a frame's looks, which the page itself doesn't load.
function addStyle() {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = new URL("frame.css", import.meta.url);
  const loaded = new Promise((done) => (link.onload = link.onerror = done));
  document.head.append(link);
  return loaded;
}

// Where the calculator stops, a way out of the frame, whose address no reader sees.
const way = Object.assign(document.createElement("a"), { textContent: "Open it in a page of its own", target: "_blank", rel: "noopener" });
const line = document.createElement("p");
line.append(way);
document.getElementById("failure").append(line);

function leadOut() {
  way.href = `index.html${location.hash}`;
}

function showWarnings() {
  if (warnings.length === 0) return;
  const place = document.querySelector(".embedded") ?? document.getElementById("app");
  const box = document.createElement("div");
  box.id = "frame-warnings";
  box.className = "warnings";
  box.setAttribute("role", "status");
  const list = document.createElement("ul");
  for (const warning of warnings) list.append(Object.assign(document.createElement("li"), { textContent: warning }));
  box.append(list);
  place.prepend(box);
}

// Whether it is a message of ours, of a sane size.
function isMessage(data) {
  if (typeof data !== "object" || data === null || data.source !== SOURCE || data.v !== VERSION) return false;
  try {
    return new TextEncoder().encode(JSON.stringify(data)).length <= LONGEST;
  } catch {
    return false;
  }
}

// To whom, it can't know: the frame doesn't learn the origin around it, and says nothing that is not its address.
function say(message) {
  if (parent !== window) parent.postMessage({ source: SOURCE, v: VERSION, ...message }, "*");
}

// Whether the program has put its page in place of what stood there first, whose height is no one's concern.
let started = false;
let said = 0;

function sayHeight() {
  const height = Math.ceil(document.body.getBoundingClientRect().height);
  if ((started || !document.getElementById("failure").hidden) && height > 0) say({ event: "height", height: (said = height) });
}

function sayConfiguration() {
  if (started) say({ event: "configuration", configuration: location.hash.slice(1), title: document.title });
}

function setTheme(value) {
  if (value === "auto") delete root.dataset.theme;
  else root.dataset.theme = value;
  window.dispatchEvent(new Event("themechange"));
}

function hear({ set, value, ask }) {
  if (set === "theme" && THEMES.includes(value)) setTheme(value);
  // Replaced, so that the reader's way back does not lead through what the page around it set.
  else if (set === "configuration" && typeof value === "string") location.replace(`#${value.replace(/^#/, "")}`);
  else if (ask === "configuration") {
    sayHeight();
    sayConfiguration();
  }
}

// Whatever would change the configuration is hidden by frame.css; this holds for what has to stay visible, and for keys.
function keepConfiguration() {
  const stop = (event) => event.stopImmediatePropagation();
  window.addEventListener("click", (event) => event.target.closest("[data-take], [data-open], [data-pin]") && stop(event), true);
  window.addEventListener("keydown", (event) => (event.ctrlKey || event.metaKey) && /^[zy]$/i.test(event.key) && stop(event), true);
}

readOptions();
leadOut();
if (root.hasAttribute("data-readonly")) keepConfiguration();
window.addEventListener("hashchange", leadOut);
window.addEventListener("message", (event) => {
  if (parent !== window && event.source === parent && isMessage(event.data)) hear(event.data);
});
window.addEventListener("configurationchange", () => {
  leadOut();
  sayConfiguration();
});

// A browser draws no frame that is out of sight, and so calls no one back about its size; its height is said all the same.
function start() {
  started = true;
  for (const key of document.querySelector(".knobs") ? (words("knobs") ?? []) : []) {
    if (!document.querySelector(`[data-field="${CSS.escape(key)}"]`)) warnings.push(`knobs=${key} is not a setting.`);
  }
  showWarnings();
  sayHeight();
  sayConfiguration();
}

new MutationObserver((changes, observer) => {
  if (!changes.some(({ removedNodes }) => removedNodes.length > 0)) return;
  observer.disconnect();
  setTimeout(start);
}).observe(document.getElementById("app"), { childList: true });

// Whoever listens has said the theme before the first picture.
say({ ask: "theme" });
await addStyle();
// The body's height follows from its contents alone, so that the answer to it changes nothing of it.
new ResizeObserver(() => {
  if (Math.ceil(document.body.getBoundingClientRect().height) !== said) sayHeight();
}).observe(document.body);
