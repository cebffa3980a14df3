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

try {
  if (typeof WebAssembly !== "object") throw new Error("This browser has no WebAssembly, or forbids it here.");
  const bindings = await import(program);
  await bindings.default({ module_or_path: wasm });
} catch (error) {
  dispatchEvent(new ErrorEvent("error", { error, filename: import.meta.url }));
}
