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

// The lists of models, GPUs and examples, of which the program holds the default ones alone. The program is told when they are there, or
// what kept them away; then they may be asked for again.
let lists;
const loadLists = () => (lists ??= takeLists());

async function takeLists() {
  try {
    const texts = [listed("models", "name,"), listed("gpus", "id,"), listed("presets", "name,")];
    app.lists = (await Promise.all(texts)).join("\f");
  } catch ({ message }) {
    app.trouble = message;
    lists = undefined;
  }
  app.dispatchEvent(new Event("lists"));
}

async function listed(name, start) {
  const address = app.dataset[name];
  try {
    const answer = await fetch(address);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    if (!text.startsWith(start)) throw new Error("it holds something else");
    return text;
  } catch ({ message }) {
    throw new Error(`${address}: ${message}`);
  }
}

// How the panels look, which come after the picture. A reader's own colours, and paper, still have the last word.
function styles() {
  const panels = document.createElement("link");
  panels.rel = "stylesheet";
  panels.href = app.dataset.styles;
  document.querySelector('link[rel="stylesheet"][media]').before(panels);
}

try {
  // An address that says something may name any model or GPU. Lists that don't come keep the rest waiting for a while only.
  const named = (location.search || location.hash) && Promise.race([loadLists(), new Promise((late) => setTimeout(late, 3000))]);
  const frame = framed && import("./frame.js");
  if (typeof WebAssembly !== "object") throw new Error("This browser has no WebAssembly, or forbids it here.");
  const bindings = await import(program);
  await frame;
  await named;
  await painted.then(() => bindings.default({ module_or_path: wasm }));
  styles();
  loadLists();
  for (const event of ["click", "focusin", "hashchange"]) addEventListener(event, loadLists);
  // Later than all that this visit needs.
  setTimeout(() => import("./offline.js"), 2000);
} catch (error) {
  dispatchEvent(new ErrorEvent("error", { error, filename: import.meta.url }));
}
