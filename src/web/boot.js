// Starts the calculator. A file of its own, so that the page works where inline scripts are forbidden.

const query = new URLSearchParams(location.search);
const framed = query.get("embed") === "1";

// The theme that was asked for or chosen earlier, before the first paint; storage may be forbidden. In a frame the page around it
// decides, not what was chosen here.
function theme() {
  const asked = query.get("theme");
  if (asked || framed) return asked;
  try {
    return localStorage.getItem("theme");
  } catch {
    return null;
  }
}

const wanted = theme();
if (wanted === "light" || wanted === "dark") document.documentElement.dataset.theme = wanted;
if (query.get("units")?.toLowerCase() === "gb") document.documentElement.dataset.units = "GB";
if (framed) document.documentElement.dataset.embed = "";

// The build names both files by their contents, in these two links.
const program = document.querySelector('link[rel="modulepreload"]').href;
const wasm = document.querySelector('link[rel="program"]').href;

// What index.html shows is on the screen. A page that nobody looks at paints nothing, and a frame out of sight only later.
const painted = new Promise((done) => {
  if (document.hidden) done();
  new PerformanceObserver(done).observe({ type: "paint", buffered: true });
  setTimeout(done, 1000);
});

const app = document.getElementById("app");

// The list of models, of which the program holds the default one alone. The program is told when the list is there, or what kept it away;
// then it may be asked for again.
let list;
const loadModels = () => (list ??= takeModels());

async function takeModels() {
  const address = app.dataset.models;
  try {
    const answer = await fetch(address);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    if (!text.startsWith("name,")) throw new Error("it holds something else");
    app.models = text;
  } catch ({ message }) {
    app.trouble = `${address}: ${message}`;
    list = undefined;
  }
  app.dispatchEvent(new Event("models"));
}

// How the panels look, which come after the picture. A reader's own colours, and paper, still have the last word.
function styles() {
  const panels = document.createElement("link");
  panels.rel = "stylesheet";
  panels.href = app.dataset.styles;
  document.querySelector('link[rel="stylesheet"][media]').before(panels);
}

try {
  // An address that says something may name any model. A list that doesn't come keeps the rest waiting for a while only.
  const models = (location.search || location.hash) && Promise.race([loadModels(), new Promise((late) => setTimeout(late, 3000))]);
  const frame = framed && import("./frame.js");
  if (typeof WebAssembly !== "object") throw new Error("This browser has no WebAssembly, or forbids it here.");
  const bindings = await import(program);
  await frame;
  await models;
  await painted.then(() => bindings.default({ module_or_path: wasm }));
  styles();
  loadModels();
  for (const event of ["click", "focusin", "hashchange"]) addEventListener(event, loadModels);
  // Later than all that this visit needs.
  setTimeout(() => import("./offline.js"), 2000);
} catch (error) {
  dispatchEvent(new ErrorEvent("error", { error, filename: import.meta.url }));
}
