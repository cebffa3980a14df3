// The service worker: keeps the calculator for visits without a network. The build inserts a line
// before this one, `const BUILD = { version, files }`, with the address of each file below this
// folder and its SHA-256 digest.
//
// A document comes from the network if there is one, so that a new build appears at the next
// navigation. It names the other files by their contents. A cached file with that name is therefore
// the right one, and no page mixes two builds.

const SCOPE = new URL("./", self.location.href).href;
// Other sites of this origin, and other copies of the calculator, have caches too.
const OURS = `trtllm-memory ${SCOPE} `;
const CACHE = OURS + BUILD.version;
// The time that the network has for a document before the copy is shown, in milliseconds.
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

// Caches all files or none. A file that differs from this build's digest is refused, so that files
// of two builds, met while a host is being updated, are never mixed. The browser tries again at the
// next visit.
async function install() {
  try {
    const cache = await caches.open(CACHE);
    await Promise.all(Object.keys(BUILD.files).map((name) => keep(cache, name)));
  } catch (error) {
    await caches.delete(CACHE);
    throw error;
  }
  await self.skipWaiting();
}

async function keep(cache, name) {
  const known = name.startsWith("files/") && (await kept(name));
  const { body, headers } = known || (await fetched(name, ["no-cache", "reload"]));
  // A new response, because a redirected one may not be given to a page.
  await cache.put(SCOPE + name, new Response(body, { headers }));
}

// Fetches a file of this build. The cache modes are tried in turn: the browser's own cache may hold
// a damaged copy, which only "reload" bypasses.
async function fetched(name, [mode, ...others]) {
  // Some hosts redirect requests for index.html to the folder.
  const address = SCOPE + (name === "index.html" ? "" : name);
  try {
    const response = await fetch(address, { integrity: BUILD.files[name], cache: mode });
    if (!response.ok) throw new Error(`${address}: HTTP ${response.status}`);
    return response;
  } catch (error) {
    if (others.length === 0) throw error;
    return fetched(name, others);
  }
}

// Deletes the caches of older builds, except the last one: pages may still be open with it.
async function forget() {
  const others = (await ours()).filter((name) => name !== CACHE);
  await Promise.all(others.slice(0, -1).map((name) => caches.delete(name)));
}

async function ours() {
  return (await caches.keys()).filter((name) => name.startsWith(OURS));
}

// The cached copy of a file; undefined if there is none. A damaged copy is deleted, because the
// page could not start with it at any visit.
async function kept(name, places) {
  for (const place of places ?? (await ours())) {
    const found = await caches.match(SCOPE + name, { cacheName: place, ignoreVary: true });
    if (!found) continue;
    if (await isIntact(name, found.clone())) return found;
    await (await caches.open(place)).delete(SCOPE + name, { ignoreVary: true });
  }
  return undefined;
}

// Whether a copy has the right digest. This build's list contains it. A file of another build has
// its first digits in the name.
async function isIntact(name, copy) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await copy.arrayBuffer()));
  if (Object.hasOwn(BUILD.files, name)) return BUILD.files[name] === `sha256-${btoa(String.fromCharCode(...digest))}`;
  const digits = Array.from(digest.slice(0, 5), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return name.includes(`-${digits}.`);
}

async function byContents(request, name) {
  const found = await kept(name).catch(() => undefined);
  if (found) return found;
  if (!Object.hasOwn(BUILD.files, name)) return fetch(request);
  try {
    const response = await fetched(name, ["default", "reload"]);
    await restore(name, response.clone()).catch(() => {});
    return response;
  } catch {
    return fetch(request);
  }
}

// Restores a file in the cache of this build, unless a newer build has deleted that.
async function restore(name, response) {
  if (await caches.has(CACHE)) await (await caches.open(CACHE)).put(SCOPE + name, response);
}

async function newest(request, name) {
  const answer = fetch(request, { cache: "no-cache" });
  const patience = new Promise((end) => setTimeout(end, PATIENCE));
  const inTime = await Promise.race([answer, patience]).catch(() => undefined);
  if (inTime && inTime.status < 500) return inTime;
  return (await kept(name, [CACHE]).catch(() => undefined)) ?? answer;
}
