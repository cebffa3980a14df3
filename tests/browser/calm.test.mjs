// The page loads without layout shifts, is idle while unused, and its sliders follow a fast mouse.
import assert from "node:assert/strict";
import { DESKTOP, PHONE } from "./harness/browser.mjs";
import { eventually, scenario } from "./harness/scenario.mjs";

// Runs before the page's scripts. Records the program's start, layout shifts and scheduled work.
const watch = () => {
  const seen = (window.seen = { shifts: 0, later: 0 });
  const { instantiateStreaming } = WebAssembly;
  WebAssembly.instantiateStreaming = (...given) => {
    seen.painted = performance.getEntriesByName("first-contentful-paint").length > 0;
    return instantiateStreaming.apply(WebAssembly, given);
  };
  for (const name of ["setTimeout", "setInterval", "requestAnimationFrame", "requestIdleCallback"]) {
    const original = window[name];
    window[name] = (...given) => {
      seen.later += 1;
      return original.apply(window, given);
    };
  }
  new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => (seen.shifts += value))).observe({
    type: "layout-shift",
    buffered: true,
  });
};

const seen = (page) => page.evaluate(() => ({ ...window.seen }));
const pause = (time) => new Promise((later) => setTimeout(later, time));

for (const viewport of [DESKTOP, { width: 768, height: 1024 }, PHONE])
  scenario(
    `the static shell is painted before the program starts, and nothing shifts afterwards, at ${viewport.width} px`,
    { before: watch, viewport },
    async (page) => {
      // The last answers of the worker that the screen shows. A phone shows the settings first.
      const last = viewport === PHONE ? "#free_gpu_memory_fraction_slider[title]" : "#why .panel > *";
      await page.locator(last).first().waitFor();
      const { painted, shifts } = await seen(page);
      assert.equal(painted, true);
      assert.equal(shifts, 0);
    },
  );

for (const [name, query] of [
  ["the page", ""],
  ["the embedded page", "?embed=1"],
])
  scenario(`${name} schedules no work while idle`, { before: watch, query }, async (page) => {
    // First come the worker's answers, and a little later the ticks of the sliders. Then nothing
    // may be scheduled any more.
    await pause(2000);
    await eventually(async () => {
      const { later } = await seen(page);
      await pause(1000);
      assert.equal((await seen(page)).later, later);
    });
  });

scenario("a slider follows a mouse that moves faster than its thumb", {}, async (page) => {
  const slider = page.locator("#max_num_tokens_slider");
  await slider.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await slider.boundingBox();
  const middle = y + height / 2;
  // The first change shows the reset button beside the slider.
  await page.mouse.move(x + width / 2, middle);
  await page.mouse.down();
  for (const share of [0.6, 0.7, 0.8, 0.9]) await page.mouse.move(x + width * share, middle);
  await page.mouse.up();
  const { value, max } = await slider.evaluate(({ value, max }) => ({ value: Number(value), max: Number(max) }));
  assert.ok(value > max * 0.8, `the slider is at ${value} of ${max}`);
});

scenario("a search has its own worker, so that it delays no other answer", {}, async (page) => {
  await page.locator("#why .panel > *").first().waitFor();
  assert.equal(page.workers().length, 1);
  await page.locator("#tab_search").click();
  await page.locator("#search .answer").waitFor();
  await eventually(() => assert.equal(page.workers().length, 2));
});
