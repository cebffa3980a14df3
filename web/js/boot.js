// Starts the calculator. A separate file, so that the page works where inline scripts are
// forbidden.

const query = new URLSearchParams(location.search);
const framed = query.get("embed") === "1";

// The requested or stored theme, applied before the first paint. Storage may be forbidden. In a
// frame the surrounding page decides, not the stored theme.
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

// Resolves when the contents of index.html are painted. A hidden page is never painted, and a frame
// out of sight only later: hence the alternatives.
const painted = new Promise((done) => {
  if (document.hidden) done();
  new PerformanceObserver(done).observe({ type: "paint", buffered: true });
  setTimeout(done, 1000);
});

const app = document.getElementById("app");

// The lists of models, GPUs and examples. The program contains only the default of each. An event
// tells it that the lists are loaded, or why they are not; then they can be requested again.
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

// Loads the styles of the panels, which follow the picture. They go before the styles for forced
// colors and for print, so that these keep the last word.
function styles() {
  for (const href of [app.dataset.panelStyles, app.dataset.whyStyles]) {
    const panels = document.createElement("link");
    panels.rel = "stylesheet";
    panels.href = href;
    document.querySelector('link[rel="stylesheet"][media]').before(panels);
  }
}

try {
  // An address with settings may name any model or GPU. It waits for the lists, but only for a
  // while.
  const late = () => new Promise((done) => setTimeout(done, 3000));
  const named = (location.search || location.hash) && Promise.race([loadLists(), late()]);
  const frame = framed && import("./frame.js");
  if (typeof WebAssembly !== "object") throw new Error("This browser has no WebAssembly, or forbids it here.");
  const bindings = await import(program);
  await frame;
  await named;
  await painted.then(() => bindings.default({ module_or_path: wasm }));
  styles();
  loadLists();
  for (const event of ["click", "focusin", "hashchange"]) addEventListener(event, loadLists);
  // After everything that this visit needs.
  setTimeout(() => import("./offline.js"), 2000);
} catch (error) {
  dispatchEvent(new ErrorEvent("error", { error, filename: import.meta.url }));
}
