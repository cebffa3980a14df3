// Keeps the calculator for visits without a network (sw.js says how), when the page has nothing else to do. A frame in another page needs
// none of its own, and where the browser has or allows no service worker the page is as good.
const whenIdle = globalThis.requestIdleCallback ?? setTimeout;

if (parent === self) {
  whenIdle(async () => {
    try {
      await navigator.serviceWorker.register("sw.js", { updateViaCache: "none" });
    } catch {
      // Nothing is kept.
    }
  });
}
