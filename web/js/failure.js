// Shows a readable page if the program stops. This script is independent of the program, because
// that is what failed. Its syntax is old, so that a browser that cannot run the program can run
// this.

const place = document.getElementById("failure");
const part = (name) => document.getElementById(`failure-${name}`);
const home = new URL(".", document.baseURI).href;
// The time that a reload waits for the files to be fetched again, in milliseconds.
const PATIENCE = 5000;

// Extensions also raise errors in this window.
const isOurs = (where) => typeof where === "string" && where.indexOf(home) !== -1;

function details(what, error) {
  const link = document.querySelector('link[rel="modulepreload"]');
  const build = link ? link.href.slice(home.length) : "unknown";
  return `version: ${place.dataset.version || "not started"}, ${build}
settings: ${location.href}
browser: ${navigator.userAgent}
what: ${what}
${String((error && error.stack) || "").slice(0, 2000)}`;
}

function show(error) {
  // Later errors are consequences of the first.
  if (!place.hidden) return;
  // The program's own message, if it had time to write one.
  const what = place.dataset.panic || String(error);
  part("reason").textContent = what;
  part("details").value = details(what, error);
  part("defaults").href = location.pathname + location.search;
  document.getElementById("app").inert = true;
  place.hidden = false;
  place.focus();
  // Navigation through the history works here too.
  addEventListener("hashchange", () => location.reload());
}

// Fetches every loaded file again, past the browser's cache. A damaged copy there may have kept the
// program from starting, and a reload alone would use the same copy.
function renew() {
  const files = performance.getEntriesByType("resource").map(({ name }) => name).filter(isOurs);
  const renewals = files.map((file) => fetch(file, { cache: "reload" }).then((answer) => answer.blob()));
  return Promise.all(renewals.map((renewal) => renewal.catch(() => {})));
}

// Restarts the page with its settings. A program that never started may have a damaged copy.
async function again() {
  const started = document.getElementById("app").dataset.ready === "true";
  if (!started) await Promise.race([renew(), new Promise((late) => setTimeout(late, PATIENCE))]);
  location.reload();
}

function copy() {
  const text = part("details");
  const select = () => {
    text.focus();
    text.select();
  };
  const done = () => {
    part("copy").textContent = "Copied";
  };
  if (navigator.clipboard) navigator.clipboard.writeText(text.value).then(done, select);
  else select();
}

part("again").addEventListener("click", again);
part("copy").addEventListener("click", copy);

addEventListener(
  "error",
  (event) => {
    const { target, error, filename } = event;
    if (target instanceof HTMLScriptElement) show(`${target.src} could not be loaded.`);
    else if (error && (isOurs(filename) || isOurs(error.stack))) show(error);
  },
  true,
);
addEventListener("unhandledrejection", ({ reason }) => {
  if (reason && isOurs(reason.stack)) show(reason);
});
