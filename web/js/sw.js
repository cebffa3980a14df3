// Keeps the calculator for visits without a network. The build puts a line before this one: `const BUILD = { version, files }`, with
// the address of each file below this folder and its SHA-256 digest.
//
// A document comes from the network as long as there is one, so that a new build shows at the next navigation. It names the other files
// by their contents: whichever cache holds a file of that name, it is the right one, and no page is half of one build and half of another.

const SCOPE = new URL("./", self.location.href).href;
// Other sites of this origin, and other copies of the calculator, have caches too.
const OURS = `trtllm-memory ${SCOPE} `;
const CACHE = OURS + BUILD.version;
// How long the network may take with a document, in milliseconds, before the copy is shown.
const PATIENCE = 4000;

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(Promise.all([forget(), self.clients.claim()])));

self.addEventListener("fetch", (event) => {
  const address = event.request.url.split(/[?#]/)[0];
  if (event.request.method !== "GET" || !address.startsWith(SCOPE)) return;
  const name = address.slice(SCOPE.length) || "index.html";
  if (name.startsWith("files/")) event.respondWith(byContents(event.request, name));
  else if (Object.hasOwn(BUILD.files, name)) event.respondWith(newest(event.request, name));
});

// Takes all files or none. What isn't this build's to the last bit is refused, so that files of two builds, met while a host is being
// updated, are never kept together; the browser tries again at the next visit.
async function install() {
  try {
    const cache = await caches.open(CACHE);
    await Promise.all(Object.entries(BUILD.files).map(([name, integrity]) => keep(cache, name, integrity)));
  } catch (error) {
    await caches.delete(CACHE);
    throw error;
  }
  await self.skipWaiting();
}

async function keep(cache, name, integrity) {
  const known = name.startsWith("files/") && (await kept(name));
  // Some hosts send whoever asks for index.html to the folder instead.
  const address = SCOPE + (name === "index.html" ? "" : name);
  const { ok, body, headers } = known || (await fetch(address, { integrity, cache: "no-cache" }));
  if (!ok) throw new Error(`${address} is missing`);
  // A new response, because a page may not be given one that was redirected.
  await cache.put(SCOPE + name, new Response(body, { headers }));
}

// Deletes what older builds left, but for the last one: pages may still be open with it.
async function forget() {
  const others = (await ours()).filter((name) => name !== CACHE);
  await Promise.all(others.slice(0, -1).map((name) => caches.delete(name)));
}

async function ours() {
  return (await caches.keys()).filter((name) => name.startsWith(OURS));
}

// A file as one of these caches has it; nothing where the browser has dropped it.
async function kept(name, places) {
  for (const place of places ?? (await ours())) {
    const found = await caches.match(SCOPE + name, { cacheName: place, ignoreVary: true });
    if (found) return found;
  }
  return undefined;
}

async function byContents(request, name) {
  return (await kept(name).catch(() => undefined)) ?? fetch(request);
}

async function newest(request, name) {
  const answer = fetch(request, { cache: "no-cache" });
  const patience = new Promise((end) => setTimeout(end, PATIENCE));
  const inTime = await Promise.race([answer, patience]).catch(() => undefined);
  if (inTime && inTime.status < 500) return inTime;
  return (await kept(name, [CACHE]).catch(() => undefined)) ?? answer;
}
