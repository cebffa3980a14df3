// The time from an input to the painted chart, while a mouse drags a slider by a step per frame.
//
// Both measures of an input start at the mouse event, as the page gets it at the start of a frame.
// They end when the frame is painted and handed to the compositor. The wait for the start of the
// frame and the work of compositor and screen are excluded, because no page can change them.
// The CPU time is that of the page's main thread, which is the same on a busy machine. Its parts
// are those of Chromium's own trace. The wall-clock time includes every wait, also for other
// programs. Only inputs that changed the chart count.
import { open, start } from "../harness/browser.mjs";
import { around, isInput, trace } from "../harness/trace.mjs";
import { line, milliseconds, pause, spread } from "./figures.mjs";

const MOVES = 400;
// In milliseconds.
const FRAME = 1000 / 60;
const CASES = [
  ["the page", {}, "max_num_tokens_slider"],
  [
    "the page, 64 GPUs",
    { link: "model=meta-llama/Llama-3.1-70B&tp_size=8&pp_size=8&max_batch_size=64" },
    "free_gpu_memory_fraction_slider",
  ],
  ["embedded", { query: "?embed=1" }, "max_num_tokens_slider"],
];
const PHASES = {
  script: [
    "EventDispatch",
    "FunctionCall",
    "v8.callFunction",
    "RunMicrotasks",
    "TimerFire",
    "FireAnimationFrame",
    "MinorGC",
    "MajorGC",
  ],
  style: ["UpdateLayoutTree"],
  layout: ["Layout"],
  paint: ["PrePaint", "Paint"],
  compositing: ["Layerize", "Commit"],
};
const CHANGED = "figures changed";

const phases = Object.entries(PHASES).flatMap(([phase, names]) => names.map((name) => [name, phase]));
const phaseOf = new Map(phases);

// Runs in the page. Marks the trace when figures change, and with them the chart, and sums up
// unexpected layout shifts. An observer of every rectangle of the chart would take part of the
// measured time.
const watch = (changed) => {
  window.shifted = 0;
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput } of list.getEntries()) window.shifted += hadRecentInput ? 0 : value;
  }).observe({ type: "layout-shift" });
  new MutationObserver(() => performance.mark(changed)).observe(document, {
    subtree: true,
    attributeFilter: ["data-bytes"],
  });
};

// Uses the DevTools protocol directly: a driver's additions to the page would be measured too.
async function drag(devtools, slider) {
  const { x, y, width, height } = await slider.boundingBox();
  const mouse = (type, share) =>
    devtools.send("Input.dispatchMouseEvent", {
      type,
      x: x + 8 + (width - 16) * share,
      y: y + height / 2,
      button: "left",
      buttons: 1,
      clickCount: 1,
    });
  await mouse("mousePressed", 0.5);
  for (let move = 0; move < MOVES; move += 1)
    await Promise.all([mouse("mouseMoved", 0.5 + 0.48 * Math.sin(move / 9)), pause(FRAME)]);
  await mouse("mouseReleased", 0.5);
}

const isMouse = ({ name, args }) => name === "EventDispatch" && ["mousedown", "mousemove"].includes(args.data?.type);

// Returns the time of each input in milliseconds, in total and by phase. Inputs that share a frame
// count as one.
function inputs(events) {
  const found = [];
  let input;
  for (const event of events) {
    // A mouse event without an input event of the slider does not count.
    if (isMouse(event) && !input?.counts)
      input = { from: event.ts, counts: false, changed: false, processor: 0, phases: {} };
    if (!input) continue;
    input.counts ||= isInput(event);
    input.changed ||= event.name === CHANGED;
    const inner = [...around(event)].find(({ name }) => phaseOf.has(name));
    const phase = inner ? phaseOf.get(inner.name) : "other";
    input.phases[phase] = (input.phases[phase] ?? 0) + event.own / 1000;
    input.processor += event.own / 1000;
    if (event.name === "Commit") {
      if (input.counts && input.changed) found.push({ ...input, clock: (event.ts + event.dur - input.from) / 1000 });
      input = undefined;
    }
  }
  return found;
}

async function measure(session, opened, id, rate) {
  const { page, context } = await open(session, opened);
  const slider = page.locator(`#${id}`);
  await slider.scrollIntoViewIfNeeded();
  // Waits for the worker's first answers.
  await page.waitForTimeout(1500);
  const devtools = await context.newCDPSession(page);
  await devtools.send("Emulation.setCPUThrottlingRate", { rate });
  await page.evaluate(watch, CHANGED);
  const found = inputs(await trace(page, () => drag(devtools, slider)));
  const shifted = await page.evaluate(() => window.shifted);
  await context.close();
  return { found, shifted };
}

const session = await start();
try {
  for (const rate of [1, 4])
    for (const [name, opened, id] of CASES) {
      const { found, shifted } = await measure(session, opened, id, rate);
      const goal = rate === 1 ? "goal: p99 within one frame, 16.7 ms" : "goal: p99 within two frames, 33.3 ms";
      const speed = rate === 1 ? "at full speed" : `${rate}× slower`;
      console.log(`\n${name}, CPU ${speed}: ${found.length} inputs that changed the chart`);
      line("  CPU time", `${spread(found.map(({ processor }) => processor))} (${goal})`);
      for (const phase of [...Object.keys(PHASES), "other"])
        line(`    ${phase}`, spread(found.map(({ phases }) => phases[phase] ?? 0)));
      line("    the first input, before its code is warm", milliseconds(found[0].processor));
      line("  wall-clock time", spread(found.map(({ clock }) => clock)));
      line("  layout shift without an input", String(shifted));
    }
} finally {
  await session.close();
}
