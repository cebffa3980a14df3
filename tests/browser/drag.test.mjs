// The page's work while a slider is dragged, as recorded by the browser: DOM writes and layouts. No
// test measures time.
import assert from "node:assert/strict";
import { figures } from "./harness/calculator.mjs";
import { eventually, scenario } from "./harness/scenario.mjs";
import { around, isInput, trace } from "./harness/trace.mjs";

const MOVES = 40;
// The first inputs of a drag also show the reset button and enable Undo.
const FIRST = 3;
// The parts of the page that a drag changes.
const FOLLOWS = /^(picture|brief|bars|verdict|result|figures|legend|visually-hidden|embedded)/;
const SCRIPTS = new Set(["EventDispatch", "FunctionCall", "v8.callFunction", "TimerFire", "FireAnimationFrame"]);
const LAYOUT = new Set(["UpdateLayoutTree", "Layout"]);
const WORK = new Set([...SCRIPTS, ...LAYOUT, "Paint"]);

// The page, the dragged setting, and the fields that follow it.
const PAGES = [
  ["the page", {}, "max_num_tokens", ["max_num_tokens", "runtime_max_num_tokens"]],
  ["the page with an engine", { link: "v=1" }, "max_num_tokens", ["max_num_tokens", "runtime_max_num_tokens"]],
  [
    "the page with many GPUs",
    { link: "model=meta-llama/Llama-3.1-70B&tp_size=8&pp_size=8&max_batch_size=64" },
    "free_gpu_memory_fraction",
    ["free_gpu_memory_fraction"],
  ],
  ["the embedded page", { query: "?embed=1" }, "max_num_tokens", ["max_num_tokens"]],
];

const pause = (time) => new Promise((later) => setTimeout(later, time));
const frame = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));

// Runs in the page. Records for each input from now on the DOM writes until the next input.
const watch = () => {
  const inputs = (window.written = []);
  const [numbers, count] = [new Map(), () => numbers.size];
  const number = (node) => numbers.get(node) ?? (numbers.set(node, count()), numbers.get(node));
  const place = (element) => {
    const named = element.closest(".picture, .brief, .result, .embedded > :not(.knobs), [data-field]");
    return named
      ? (named.dataset.field ?? named.className.baseVal ?? named.className)
      : element.id || element.outerHTML;
  };
  addEventListener("input", () => inputs.push([]), true);
  const options = {
    subtree: true,
    childList: true,
    attributes: true,
    attributeOldValue: true,
    characterData: true,
    characterDataOldValue: true,
  };
  const markup = (nodes) => Array.from(nodes, (node) => node.outerHTML ?? node.nodeValue).join("");
  new MutationObserver((records) => {
    for (const { target, type, attributeName, oldValue, addedNodes, removedNodes } of records) {
      const now = type === "attributes" ? target.getAttribute(attributeName) : target.nodeValue;
      const element = target instanceof Element ? target : target.parentElement;
      inputs.at(-1)?.push({
        what: `${number(target)} ${type} ${attributeName}`,
        place: place(element),
        same: type === "childList" ? markup(addedNodes) === markup(removedNodes) : now === oldValue,
      });
    }
  }).observe(document, options);
};

async function hold(page, key) {
  const slider = page.locator(`#${key}_slider`);
  await slider.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await slider.boundingBox();
  const to = (share) => page.mouse.move(x + 8 + (width - 16) * share, y + height / 2);
  await to(0.5);
  await page.mouse.down();
  return to;
}

async function drag(page, key) {
  const to = await hold(page, key);
  for (let move = 0; move < MOVES; move += 1) {
    await to(0.5 + 0.4 * Math.sin(move / 5));
    await frame(page);
  }
  await page.mouse.up();
}

for (const [name, opened, key, follow] of PAGES)
  scenario(
    `${name}: each input of a drag writes each picture once at most, and no unchanged or unrelated node`,
    opened,
    async (page) => {
      await page.waitForTimeout(1000);
      await page.evaluate(watch);
      await drag(page, key);
      const inputs = (await page.evaluate(() => window.written)).slice(FIRST);
      assert.ok(inputs.length > MOVES / 2, `${inputs.length} inputs`);
      assert.ok(
        inputs.filter((written) => written.some(({ place }) => place === "picture")).length > MOVES / 4,
        "the chart follows",
      );
      for (const written of inputs.slice(0, -1)) {
        const pictures = written.filter(({ place }) => place === "picture").map(({ what }) => what);
        assert.deepEqual(pictures.length, new Set(pictures).size, "a picture was written twice");
        assert.deepEqual(
          written.filter(({ same }) => same),
          [],
        );
        const elsewhere = written
          .map(({ place }) => place)
          .filter((place) => !FOLLOWS.test(place));
        assert.deepEqual(
          [...new Set(elsewhere)].filter((place) => !follow.includes(place)),
          [],
        );
      }
    },
  );

for (const [name, opened, key] of PAGES)
  scenario(`${name}: no script forces a layout during a drag, and a frame has one at most`, opened, async (page) => {
    await page.waitForTimeout(1000);
    const events = await trace(page, () => drag(page, key));
    const isForced = (event) => [...around(event)].some(({ name }) => SCRIPTS.has(name));
    // Layouts of the whole page, which include those of its pictures.
    const isWhole = ({ name, args }) => name === "Layout" && !args.beginData.partialLayout;
    const frames = [];
    let frame = { inputs: 0, layouts: 0 };
    for (const event of events) {
      const { name } = event;
      assert.ok(
        !(LAYOUT.has(name) && isForced(event)),
        `${name} within ${[...around(event)].map(({ name }) => name).join(" < ")}`,
      );
      frame.inputs += isInput(event);
      // Timers and other documents may have had theirs before the first input of the frame.
      frame.layouts += frame.inputs > 0 && isWhole(event);
      if (name !== "Commit") continue;
      if (frame.inputs) frames.push(frame.layouts);
      frame = { inputs: 0, layouts: 0 };
    }
    assert.ok(frames.length > MOVES / 2, `${frames.length} frames`);
    // Pressing the slider focuses it, for which the browser itself lays out the page.
    assert.deepEqual(
      frames.slice(FIRST).filter((count) => count > 1),
      [],
    );
  });

for (const [name, opened, key] of PAGES)
  scenario(`${name} is idle once a drag and its follow-up work have ended`, opened, async (page) => {
    await page.waitForTimeout(1000);
    await drag(page, key);
    // Waits for the worker's answers, the tick, the undo step and the announcement.
    await pause(3000);
    const events = await trace(page, () => pause(1200));
    // The trace itself begins with a mark.
    const work = events.filter(({ ts }) => ts > events[0].ts + 200_000).filter(({ name }) => WORK.has(name));
    assert.deepEqual(
      work.map(({ name, args }) => `${name} ${JSON.stringify(args)}`),
      [],
    );
  });

scenario("after a drag the segments of the chart have the sizes of the table", {}, async (page) => {
  await drag(page, "max_num_tokens");
  await eventually(async () => {
    const segments = await page.locator("#chart .segment").evaluateAll((elements) =>
      elements.map((element) => ({
        name: element.dataset.segment,
        label: element.getAttribute("aria-label"),
        width: element.getBoundingClientRect().width,
      })),
    );
    const bytes = await figures(page);
    const [total, width] = [Object.values(bytes), segments.map(({ width }) => width)].map((all) =>
      all.reduce((sum, one) => sum + one, 0),
    );
    for (const segment of segments) {
      const size = (bytes[segment.name] / 2 ** 30).toFixed(2);
      assert.ok(segment.label.includes(` ${size} GiB`), `${segment.label}, not ${size}`);
      // A line of paper between two segments, and whole pixels.
      const expected = (bytes[segment.name] / total) * width;
      assert.ok(Math.abs(segment.width - expected) < 3, `${segment.name}: ${segment.width}, not ${expected}`);
    }
  });
});

scenario(
  "the service worker is not registered before the end of a drag that starts right after loading",
  {},
  async (page) => {
    const asked = page.waitForRequest(/offline-\w+\.js/);
    const isKept = () => page.evaluate(async () => Boolean(await navigator.serviceWorker.getRegistration()));
    await hold(page, "max_num_tokens");
    await asked;
    await pause(500);
    assert.equal(await isKept(), false);
    await page.mouse.up();
    await eventually(async () => assert.equal(await isKept(), true));
  },
);
