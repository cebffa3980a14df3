// When the program stops: a readable page in place of one that no longer answers. It is none of the program's own work, because
// that is what failed; and its words are old ones, so that a browser which can't read the rest can read this.

const place = document.getElementById("failure");
const part = (name) => document.getElementById(`failure-${name}`);
const home = new URL(".", document.baseURI).href;
// How long a reload waits for the files to be fetched anew, in milliseconds.
const PATIENCE = 5000;
let renewed;

// Extensions fail too, in the same window.
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
  // What follows the first is only its echo.
  if (!place.hidden) return;
  // The program's own words, where it had time for them.
  const what = place.dataset.panic || String(error);
  part("reason").textContent = what;
  part("details").value = details(what, error);
  part("defaults").href = location.pathname + location.search;
  document.getElementById("app").inert = true;
  place.hidden = false;
  place.focus();
  if (document.getElementById("app").dataset.ready !== "true") renewed = renew();
  // The way back in the browser is one here too.
  addEventListener("hashchange", () => location.reload());
}

// Fetches every file that the page has loaded again, past the browser's cache. A damaged copy there
// may have kept the program from starting, and a reload alone would take the same copy.
function renew() {
  const files = performance.getEntriesByType("resource").map(({ name }) => name).filter(isOurs);
  const renewals = files.map((file) => fetch(file, { cache: "reload" }).then((answer) => answer.blob()));
  return Promise.all(renewals.map((renewal) => renewal.catch(() => {})));
}

// Starts the page again with its settings.
async function again() {
  await Promise.race([renewed, new Promise((late) => setTimeout(late, PATIENCE))]);
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
