// Registers the service worker, which keeps the calculator for visits without a network (see
// sw.js), when the page is idle. A frame in another page needs none. If the browser lacks or
// forbids service workers, the page works without.
// An idle browser may not call back until something happens: hence the limit of one second.
const hasIdle = globalThis.requestIdleCallback;
const whenIdle = (run) => (hasIdle ? requestIdleCallback(run, { timeout: 1000 }) : setTimeout(run));
const program = new URL("sw.js", location.href).href;

async function keep() {
  // While a slider is dragged, this would take a good part of its frames.
  if (document.querySelector(":active")) return addEventListener("pointerup", () => whenIdle(keep), { once: true });
  try {
    // The browser itself updates the service worker that controls this page. Registering it again
    // would keep it from withdrawing.
    if (navigator.serviceWorker.controller?.scriptURL === program) return;
    await navigator.serviceWorker.register(program, { updateViaCache: "none" });
  } catch {
    // The page works without it.
  }
}

if (parent === self) whenIdle(keep);
