// The page comes at once, nothing in it moves by itself, it rests when nobody touches it, and a drag is followed to its end.
import assert from "node:assert/strict";
import { DESKTOP, PHONE } from "./harness/browser.mjs";
import { eventually, scenario } from "./harness/scenario.mjs";

// Runs before the page: notes when its program starts, what moves, and what asks to run later.
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
    `the static shell is painted before the program starts, and nothing moves when the figures come, at ${viewport.width} px`,
    { before: watch, viewport },
    async (page) => {
      await page.locator("#why .panel > *").first().waitFor();
      const { painted, shifts } = await seen(page);
      assert.equal(painted, true);
      assert.equal(shifts, 0);
    },
  );

for (const [name, query] of [
  ["the page", ""],
  ["the embedded page", "?embed=1"],
])
  scenario(`${name} does nothing while nobody touches it`, { before: watch, query }, async (page) => {
    // The worker's first answers come, and ticks a rest later: sooner or later nothing asks to run any more.
    await pause(2000);
    await eventually(async () => {
      const { later } = await seen(page);
      await pause(1000);
      assert.equal((await seen(page)).later, later);
    });
  });

scenario("a slider follows a mouse that is faster than its thumb", {}, async (page) => {
  const slider = page.locator("#max_num_tokens_slider");
  await slider.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await slider.boundingBox();
  const middle = y + height / 2;
  // The first change shows the way back to the default beside the slider.
  await page.mouse.move(x + width / 2, middle);
  await page.mouse.down();
  for (const share of [0.6, 0.7, 0.8, 0.9]) await page.mouse.move(x + width * share, middle);
  await page.mouse.up();
  const { value, max } = await slider.evaluate(({ value, max }) => ({ value: Number(value), max: Number(max) }));
  assert.ok(value > max * 0.8, `the slider stands at ${value} of ${max}`);
});

scenario("a search has a worker of its own, so that no other answer waits for it", {}, async (page) => {
  await page.locator("#why .panel > *").first().waitFor();
  assert.equal(page.workers().length, 1);
  await page.locator("#tab_search").click();
  await page.locator("#search .answer").waitFor();
  await eventually(() => assert.equal(page.workers().length, 2));
});
