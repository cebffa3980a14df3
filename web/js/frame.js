// The calculator inside another page: the options in the address's query, and the messages to and
// from the surrounding page. Loaded only there, before the program starts. See docs/embedding.md.

const SOURCE = "trtllm-memory";
const VERSION = 1;
// The most bytes of the JSON of a message.
const LONGEST = 16384;
const PARTS = ["verdict", "chart", "table", "knobs"];
const DEFAULT_PARTS = ["verdict", "chart", "knobs"];
const THEMES = ["light", "dark", "auto"];

const root = document.documentElement;
const query = new URLSearchParams(location.search);
const warnings = [];

// The words of an option; undefined if it is absent.
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

// Adds the style of frames, which the page itself does not load.
function addStyle() {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = new URL("frame.css", import.meta.url);
  const loaded = new Promise((done) => (link.onload = link.onerror = done));
  document.head.append(link);
  return loaded;
}

// A link to the whole page, for the case that the calculator stops: readers do not see the frame's
// address.
const properties = { textContent: "Open it in its own page", target: "_blank", rel: "noopener" };
const pageLink = Object.assign(document.createElement("a"), properties);
const line = document.createElement("p");
line.append(pageLink);
document.getElementById("failure").append(line);

function updatePageLink() {
  pageLink.href = `index.html${location.hash}`;
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

// Whether data is a message of the protocol, within the size limit.
function isMessage(data) {
  if (typeof data !== "object" || data === null || data.source !== SOURCE || data.v !== VERSION) return false;
  try {
    return new TextEncoder().encode(JSON.stringify(data)).length <= LONGEST;
  } catch {
    return false;
  }
}

// Any origin may receive it: the frame does not know the origin of the surrounding page. Messages
// contain nothing but the frame's own address.
function send(message) {
  if (parent !== window) parent.postMessage({ source: SOURCE, v: VERSION, ...message }, "*");
}

// Whether the program has replaced the first contents. Their height is of no use.
let started = false;
let sentHeight = 0;

function sendHeight() {
  const height = Math.ceil(document.body.getBoundingClientRect().height);
  if (height === 0 || (!started && document.getElementById("failure").hidden)) return;
  sentHeight = height;
  send({ event: "height", height });
}

function sendConfiguration() {
  if (started) send({ event: "configuration", configuration: location.hash.slice(1), title: document.title });
}

function setTheme(value) {
  if (value === "auto") delete root.dataset.theme;
  else root.dataset.theme = value;
  window.dispatchEvent(new Event("themechange"));
}

function receive({ set, value, ask }) {
  if (set === "theme" && THEMES.includes(value)) setTheme(value);
  // Replaced, so that the reader's history does not contain what the surrounding page set.
  else if (set === "configuration" && typeof value === "string") location.replace(`#${value.replace(/^#/, "")}`);
  else if (ask === "configuration") {
    sendHeight();
    sendConfiguration();
  }
}

// Keeps the configuration of a read-only frame. frame.css hides the controls that would change it;
// this covers those that stay visible, and keys.
function keepConfiguration() {
  const stop = (event) => event.stopImmediatePropagation();
  const changes = "[data-take], [data-open], [data-pin]";
  const isUndo = ({ ctrlKey, metaKey, key }) => (ctrlKey || metaKey) && /^[zy]$/i.test(key);
  window.addEventListener("click", (event) => event.target.closest(changes) && stop(event), true);
  window.addEventListener("keydown", (event) => isUndo(event) && stop(event), true);
}

readOptions();
updatePageLink();
if (root.hasAttribute("data-readonly")) keepConfiguration();
window.addEventListener("hashchange", updatePageLink);
window.addEventListener("message", (event) => {
  if (parent !== window && event.source === parent && isMessage(event.data)) receive(event.data);
});
window.addEventListener("configurationchange", () => {
  updatePageLink();
  sendConfiguration();
});

// A browser does not draw a frame out of sight, so no observer reports its size. The height is sent
// nevertheless.
function start() {
  started = true;
  for (const key of document.querySelector(".knobs") ? (words("knobs") ?? []) : []) {
    if (!document.querySelector(`[data-field="${CSS.escape(key)}"]`)) warnings.push(`knobs=${key} is not a setting.`);
  }
  showWarnings();
  sendHeight();
  sendConfiguration();
}

new MutationObserver((changes, observer) => {
  if (!changes.some(({ removedNodes }) => removedNodes.length > 0)) return;
  observer.disconnect();
  setTimeout(start);
}).observe(document.getElementById("app"), { childList: true });

// The answer sets the theme before the first picture.
send({ ask: "theme" });
await addStyle();
// The body's height depends on its contents alone, so that the new height of the frame does not
// change it again.
new ResizeObserver(() => {
  if (Math.ceil(document.body.getBoundingClientRect().height) !== sentHeight) sendHeight();
}).observe(document.body);
