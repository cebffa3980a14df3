// Replaces the site's sw.js: removes the service worker and its caches from every browser that
// visits again.

const OURS = `trtllm-memory ${new URL("./", self.location.href).href} `;

self.addEventListener("install", (event) => event.waitUntil(self.skipWaiting()));
self.addEventListener("activate", (event) => event.waitUntil(withdraw()));

async function withdraw() {
  const names = (await caches.keys()).filter((name) => name.startsWith(OURS));
  await Promise.all(names.map((name) => caches.delete(name)));
  await self.registration.unregister();
}
