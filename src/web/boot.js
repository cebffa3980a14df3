// Starts the calculator. A file of its own, so that the page works where inline scripts are forbidden.

// The theme that was asked for or chosen earlier, before the first paint; storage may be forbidden in a frame.
function theme() {
  const asked = new URLSearchParams(location.search).get("theme");
  if (asked) return asked;
  try {
    return localStorage.getItem("theme");
  } catch {
    return null;
  }
}

const wanted = theme();
if (wanted === "light" || wanted === "dark") document.documentElement.dataset.theme = wanted;
if (new URLSearchParams(location.search).get("embed") === "1") document.documentElement.dataset.embed = "";

// The build names both files by their contents, in these two links.
const program = document.querySelector('link[rel="modulepreload"]').href;
const wasm = document.querySelector('link[rel="preload"][as="fetch"]').href;

// What index.html shows is on the screen. A page that nobody looks at paints nothing, and a frame out of sight only later.
const painted = new Promise((done) => {
  if (document.hidden) done();
  new PerformanceObserver(done).observe({ type: "paint", buffered: true });
  setTimeout(done, 1000);
});

try {
  if (typeof WebAssembly !== "object") throw new Error("This browser has no WebAssembly, or forbids it here.");
  const bindings = await import(program);
  await painted.then(() => bindings.default({ module_or_path: wasm }));
} catch (error) {
  const reason = document.getElementById("failure-reason");
  reason.textContent ||= String(error);
  document.getElementById("failure").hidden = false;
}
