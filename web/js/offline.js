// Keeps the calculator for visits without a network (sw.js says how), when the page has nothing else to do. A frame in another page needs
// none of its own, and where the browser has or allows no service worker the page is as good.
// A browser at rest may not come to it until something happens: hence a second at most.
const whenIdle = (run) => (globalThis.requestIdleCallback ? requestIdleCallback(run, { timeout: 1000 }) : setTimeout(run));
const program = new URL("sw.js", location.href).href;

async function keep() {
  // While a slider is dragged, that would take a good part of its frames.
  if (document.querySelector(":active")) return addEventListener("pointerup", () => whenIdle(keep), { once: true });
  try {
    // Of the one that answers for this page already the browser looks for a newer one by itself. To register it again would also
    // keep it from withdrawing.
    if (navigator.serviceWorker.controller?.scriptURL === program) return;
    await navigator.serviceWorker.register(program, { updateViaCache: "none" });
  } catch {
    // Nothing is kept.
  }
}

if (parent === self) whenIdle(keep);
