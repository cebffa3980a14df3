// The start of the page: its first paint, the first usable picture, layout shifts, and the work
// while idle.
import { open, start } from "../harness/browser.mjs";
import { line, milliseconds, pause } from "./figures.mjs";

const REST = 5000;
// Chromium's own presets: round trip in milliseconds, bytes per second.
const NETWORKS = [
  ["this machine", null],
  ["fast 4G, 60 ms", { latency: 60, downloadThroughput: 1_012_500, uploadThroughput: 168_750, offline: false }],
  ["slow 4G, 150 ms", { latency: 150, downloadThroughput: 204_800, uploadThroughput: 96_000, offline: false }],
];

// Runs in the page before its scripts. Records the start of the program and counts timers and
// animation frames.
const watch = () => {
  const seen = (window.seen = { shifts: 0, longest: 0, timers: 0, frames: 0 });
  const { instantiateStreaming } = WebAssembly;
  WebAssembly.instantiateStreaming = async (...given) => {
    const program = await instantiateStreaming.apply(WebAssembly, given);
    seen.compiled = performance.now();
    return program;
  };
  for (const [name, count] of [
    ["setTimeout", "timers"],
    ["setInterval", "timers"],
    ["requestAnimationFrame", "frames"],
  ]) {
    const original = window[name];
    window[name] = (...given) => {
      seen[count] += 1;
      return original.apply(window, given);
    };
  }
  new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => (seen.shifts += value))).observe({
    type: "layout-shift",
    buffered: true,
  });
  new PerformanceObserver((list) =>
    list.getEntries().forEach(({ duration }) => (seen.longest = Math.max(seen.longest, duration))),
  ).observe({ type: "longtask", buffered: true });
  new MutationObserver(() => {
    if (document.getElementById("app")?.dataset.ready) seen.ready ??= performance.now();
  }).observe(document, { subtree: true, attributes: true, childList: true });
};

async function measure(session, network) {
  const { page, context } = await open(session, {
    before: watch,
    prepare: async (devtools) => {
      if (network) await devtools.send("Network.emulateNetworkConditions", network);
    },
  });
  await pause(2000);
  const seen = await page.evaluate(() => ({
    ...window.seen,
    painted: performance.getEntriesByName("first-contentful-paint")[0].startTime,
  }));
  await context.close();
  return seen;
}

// Returns the work of the main thread while the page is idle.
async function rest(session, query) {
  const { page, context } = await open(session, { before: watch, query });
  const devtools = await context.newCDPSession(page);
  await devtools.send("Performance.enable");
  await pause(3000);
  const metrics = async () =>
    Object.fromEntries((await devtools.send("Performance.getMetrics")).metrics.map(({ name, value }) => [name, value]));
  const [counted, before] = [await page.evaluate(() => ({ ...window.seen })), await metrics()];
  await pause(REST);
  const [after, recounted] = [await metrics(), await page.evaluate(() => ({ ...window.seen }))];
  await context.close();
  const more = (name) => after[name] - before[name];
  return [
    `scripts ${milliseconds(more("ScriptDuration") * 1000)}`,
    `all tasks ${milliseconds(more("TaskDuration") * 1000)} (including this measurement)`,
    `${more("LayoutCount")} layouts`,
    `${more("RecalcStyleCount")} style passes`,
    `${recounted.timers - counted.timers} timers`,
    `${recounted.frames - counted.frames} animation frames`,
  ].join(", ");
}

const session = await start({ compressed: true });
try {
  for (const [name, network] of NETWORKS) {
    const { painted, compiled, ready, longest, shifts } = await measure(session, network);
    line(
      `static shell painted, ${name}`,
      `${milliseconds(painted)}, ${milliseconds(compiled - painted)} before WebAssembly starts`,
    );
    line(`first picture, all inputs usable, ${name}`, `${milliseconds(ready)}, longest task ${milliseconds(longest)}`);
    line(`layout shift, ${name}`, String(shifts));
  }
  for (const [name, query] of [
    ["the page", ""],
    ["embedded", "?embed=1"],
  ])
    line(`${REST / 1000} s idle, ${name}`, await rest(session, query));
} finally {
  await session.close();
}
