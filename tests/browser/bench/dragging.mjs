// From an input to the painted chart, while a slider is dragged by a mouse that moves once a frame.
//
// Two figures of each input that changed the chart. `work` is the main thread's: from the slider's event until the page is updated,
// and from the next animation frame until that frame is laid out and painted, without the wait for the frame between them.
// `to the painted frame` is from when the mouse moved, and includes every wait: for the event's turn and for the screen's 60 Hz.
import { open, start } from "../harness/browser.mjs";
import { line, milliseconds, spread } from "./figures.mjs";

const MOVES = 600;
const WARM_UP = 40;
const SLIDER = "max_num_tokens_slider";

const record = (id) => {
  window.inputs = [];
  window.moved = 0;
  window.shifted = 0;
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput } of list.getEntries()) window.shifted += hadRecentInput ? 0 : value;
  }).observe({ type: "layout-shift" });
  window.addEventListener("pointermove", ({ timeStamp }) => (window.moved = timeStamp), true);
  const picture = () => document.querySelector(".chart-picture").innerHTML;
  let shown = picture();
  document.getElementById(id).addEventListener(
    "input",
    () => {
      const [moved, start] = [window.moved, performance.now()];
      // The page updates itself in microtasks, which end before the next message is heard.
      const { port1, port2 } = new MessageChannel();
      let updated = start;
      port1.onmessage = () => (updated = performance.now());
      port2.postMessage(0);
      requestAnimationFrame(() => {
        const frame = performance.now();
        const after = new MessageChannel();
        after.port1.onmessage = () => {
          const painted = performance.now();
          const now = picture();
          // Where the frame came before the message was heard, the update ended before the frame.
          const until = updated > start ? Math.min(updated, frame) : frame;
          if (now !== shown) window.inputs.push({ work: until - start + painted - frame, all: painted - moved });
          shown = now;
        };
        after.port2.postMessage(0);
      });
    },
    true,
  );
};

async function drag(session, { query, throttle }) {
  const { page, context } = await open(session, { query });
  const devtools = await context.newCDPSession(page);
  const slider = page.locator(`#${SLIDER}`);
  await slider.scrollIntoViewIfNeeded();
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: throttle });
  await page.evaluate(record, SLIDER);
  const { x, y, width, height } = await slider.boundingBox();
  const at = (share) => [x + 8 + (width - 16) * share, y + height / 2];
  await page.mouse.move(...at(0.5));
  await page.mouse.down();
  for (let move = 0; move < MOVES + WARM_UP; move += 1) {
    if (move === WARM_UP) await page.evaluate(() => (window.inputs.length = 0));
    await page.mouse.move(...at(0.5 + 0.48 * Math.sin(move / 9)));
    await page.evaluate(() => new Promise((frame) => requestAnimationFrame(() => setTimeout(frame))));
  }
  await page.mouse.up();
  const found = await page.evaluate(() => ({ inputs: window.inputs, shifted: window.shifted }));
  await context.close();
  return found;
}

const session = await start();
try {
  for (const throttle of [1, 4])
    for (const [name, query] of [["the page", ""], ["embedded", "?embed=1"]]) {
      const { inputs, shifted } = await drag(session, { query, throttle });
      const frames = throttle === 1 ? "goal: p99 within one frame, 16.7 ms" : "goal: p99 within two frames, 33.3 ms";
      console.log(`\n${name}, processor ${throttle === 1 ? "at full speed" : `${throttle}× slower`}: ${inputs.length} inputs that changed the chart`);
      line("  work, without the wait for the frame", `${spread(inputs.map(({ work }) => work))} (${frames})`);
      line("  to the painted frame, all waits included", spread(inputs.map(({ all }) => all)));
      line("  layout shift that no input explains", String(shifted));
    }
} finally {
  await session.close();
}
