// From an input to the painted chart, while a slider is dragged by a mouse that moves once a frame.
//
// Two measures of each input that changed the chart, both from the mouse's event, as the page gets it at the start of a frame, until that
// frame is painted and handed to the compositor. Not in it, because no page can change them: how long the event waited for the start of
// the frame, and how long the compositor and the screen take after it.
// `of the processor` is what the page's main thread took of it, and is the same on a busy machine; its parts are those of Chromium's own
// trace. `by the clock` includes every wait, for other programs too.
import { open, start } from "../harness/browser.mjs";
import { around, isInput, trace } from "../harness/trace.mjs";
import { line, milliseconds, pause, spread } from "./figures.mjs";

const MOVES = 400;
// Milliseconds.
const FRAME = 1000 / 60;
const CASES = [
  ["the page", {}, "max_num_tokens_slider"],
  ["the page, 64 GPUs", { link: "model=meta-llama/Llama-3.1-70B&tp_size=8&pp_size=8&max_batch_size=64" }, "free_gpu_memory_fraction_slider"],
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

// Runs in the page: marks in the trace when figures change, and with them the chart, and sums up what moves by itself. To watch every
// rectangle of the chart would take a part of the time that is measured.
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

// By the browser's own protocol: what a driver of it adds to the page would be measured too.
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

// What each input took, in milliseconds, in all and by phase. Inputs that share a frame are one.
function inputs(events) {
  const found = [];
  let input;
  for (const event of events) {
    // A mouse's event that is no input of the slider ends nowhere.
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
  // The first answers of the worker come.
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
      console.log(
        `\n${name}, processor ${rate === 1 ? "at full speed" : `${rate}× slower`}: ${found.length} inputs that changed the chart`,
      );
      line("  of the processor", `${spread(found.map(({ processor }) => processor))} (${goal})`);
      for (const phase of [...Object.keys(PHASES), "other"])
        line(`    ${phase}`, spread(found.map(({ phases }) => phases[phase] ?? 0)));
      line("    the first input of all, whose code is new", milliseconds(found[0].processor));
      line("  by the clock", spread(found.map(({ clock }) => clock)));
      line("  layout shift that no input explains", String(shifted));
    }
} finally {
  await session.close();
}
