// In place of the site's own sw.js, this takes the service worker and what it kept out of every browser that comes by again.

const OURS = `trtllm-memory ${new URL("./", self.location.href).href} `;

self.addEventListener("install", (event) => event.waitUntil(self.skipWaiting()));
self.addEventListener("activate", (event) => event.waitUntil(withdraw()));

async function withdraw() {
  const names = (await caches.keys()).filter((name) => name.startsWith(OURS));
  await Promise.all(names.map((name) => caches.delete(name)));
  await self.registration.unregister();
}
