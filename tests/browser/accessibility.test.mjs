// The page for users of screen readers, forced colours, zoom, large text, reduced motion or paper.
import assert from "node:assert/strict";
import { PHONE } from "./harness/browser.mjs";
import { control, enter, figures, row, segments } from "./harness/calculator.mjs";
import { eventually, scenario } from "./harness/scenario.mjs";
import { tab, VIEWS } from "./harness/views.mjs";

const view = (name) => VIEWS.find((view) => view.name === name);
const sideways = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

scenario("every control has its key as id and name, and a label", {}, async (page) => {
  const unlabelled = await page
    .locator("input[name], select[name]")
    .evaluateAll((elements) =>
      elements
        .filter(
          (element) => element.labels?.length === 0 && !element.ariaLabel && !element.getAttribute("aria-labelledby"),
        )
        .map(({ id }) => id),
    );
  assert.deepEqual(unlabelled, []);
  const keys = ["model", "gpu", "tp_size", "pp_size", "quant_algo", "kv_cache_dtype", "max_batch_size"];
  for (const key of [...keys, "max_num_tokens", "max_seq_len", "free_gpu_memory_fraction", "max_tokens"]) {
    assert.equal(await page.locator(`[id="${key}"]`).count(), 1, `${key} as id`);
    assert.ok((await page.locator(`[name="${key}"]`).count()) >= 1, `${key} as name`);
  }
});

// Charts: each has a name, named parts that the arrow keys reach, and a table of its content.

// Walks through the parts of a chart and returns their names.
async function walk(page, parts) {
  const names = await parts.evaluateAll((elements) =>
    elements.map((element) => element.getAttribute("aria-label") ?? element.innerText),
  );
  assert.ok(names.length > 1 && names.every((name) => /\S/.test(name)), `each part has a name: ${names}`);
  assert.equal(
    await parts.evaluateAll((elements) => elements.filter(({ tabIndex }) => tabIndex === 0).length),
    1,
    "Tab reaches exactly one part",
  );
  await parts.first().focus();
  const here = () =>
    page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.innerText);
  for (const name of names.slice(0, 8)) {
    assert.equal(await here(), name);
    await page.keyboard.press("ArrowRight");
  }
  await parts.first().focus();
  await page.keyboard.press("ArrowLeft");
  assert.equal(await here(), names.at(-1));
  return names;
}

const chartName = (chart) => chart.getAttribute("aria-label");

scenario(
  "the chart has a name, keys reach its segments, and the table shows the same sizes",
  { link: "tp_size=2" },
  async (page) => {
    assert.match(await chartName(page.locator("#chart")), /memory of each GPU/);
    const names = await walk(page, segments(page));
    for (const name of names.filter((name) => name.includes("GPU 0"))) {
      const [, label, size] = name.match(/^(.*), GPU 0: ([\d,.]+) GiB/);
      const line = page.locator(".figures tbody tr").filter({ hasText: label }).first();
      assert.match(await line.innerText(), new RegExp(size.replace(".", "\\.")), name);
    }
    await segments(page).first().focus();
    await page.keyboard.press("Enter");
    await eventually(async () => assert.match(await page.locator("#explanation").innerText(), /Weights/));
  },
);

scenario("the start-up has a name, and keys reach the segments of its phases", {}, async (page) => {
  assert.match(await chartName(page.locator("#start-up")), /phase by phase/);
  const parts = page.locator("#start-up [data-segment]");
  const names = await walk(page, parts);
  assert.ok(names.some((name) => /^KV cache, serving: [\d,.]+ GiB/.test(name)), `${names}`);
  await parts.first().focus();
  await page.keyboard.press("Enter");
  await eventually(async () => assert.match(await page.locator("#explanation").innerText(), /Weights/));
});

scenario("a sweep has a name, and keys apply its points", {}, async (page) => {
  const panel = await tab(page, "sweep");
  assert.equal(await chartName(panel.locator("#sweep_left .chart-boxes")), "Memory over tp_size");
  const parts = panel.locator("#sweep_left .chart-boxes > *");
  const names = await walk(page, parts);
  await panel.locator('[data-part="sweep_left"] > summary').click();
  await eventually(async () =>
    assert.equal(await panel.locator('[data-part="sweep_left"] tbody tr').count(), names.length),
  );
  await parts.nth(1).focus();
  await page.keyboard.press("Enter");
  await eventually(async () => assert.match(await page.evaluate(() => location.hash), /tp_size=/));
  await eventually(async () =>
    assert.equal(
      await page.evaluate(() => document.activeElement.closest("#sweep_left") !== null),
      true,
      "the focus stays",
    ),
  );
});

scenario("the chart of a search has a name, and keys open its deployments", {}, async (page) => {
  const panel = await tab(page, "search");
  assert.match(await chartName(panel.locator("#search_chart .chart-boxes")), /Concurrent requests over GPUs/);
  const parts = panel.locator("#search_chart .chart-boxes > *");
  await walk(page, parts);
  assert.ok((await panel.locator("table tbody tr").count()) > 1);
  const before = await figures(page);
  await parts.last().focus();
  await page.keyboard.press(" ");
  await eventually(async () => assert.notDeepEqual(await figures(page), before));
});

scenario("the chart of measurements has a name, keys reach its dots, and a table accompanies it", {}, async (page) => {
  const panel = await tab(page, "accuracy");
  assert.equal(await chartName(panel.locator(".scatter .chart-boxes")), "Predicted over measured");
  const [first] = await walk(page, panel.locator(".scatter .chart-boxes > *"));
  await panel.locator(".scatter .chart-boxes > *").first().focus();
  await eventually(async () => assert.equal(await panel.locator(".scatter [data-tips]").innerText(), first));
  assert.ok((await panel.locator(".measurements tbody tr").count()) > 10);
});

scenario("the timeline of a log is a named list, and keys reach its lines", {}, async (page) => {
  await view("a log used for calibration").open(page);
  const list = page.locator("#file .timeline");
  assert.match(await list.getAttribute("aria-label"), /log order/);
  await walk(page, list.locator("li"));
  await list.locator("li").nth(1).focus();
  await eventually(async () =>
    assert.match(await page.locator("#file [data-tips]").first().innerText(), /execution context memory/),
  );
});

// Announcements.

// An engine, whose verdict a larger max_num_tokens changes.
const ENGINE = { link: "v=1" };

scenario("the verdict is announced after a change, but not while a slider is dragged", ENGINE, async (page) => {
  const live = page
    .locator('[role="status"].visually-hidden')
    .filter({ hasNot: page.locator("button") })
    .first();
  await page.evaluate(() => {
    window.announced = [];
    const watch = (element) =>
      new MutationObserver(() => element.textContent.trim() && window.announced.push(element.textContent)).observe(
        element,
        { childList: true, characterData: true, subtree: true },
      );
    document.querySelectorAll('[role="status"], [aria-live]').forEach(watch);
  });
  assert.equal(await live.getAttribute("role"), "status");
  const slider = page.locator("#max_num_tokens_slider");
  const { x, y, width, height } = await slider.boundingBox();
  await page.mouse.move(x + width * 0.5, y + height / 2);
  await page.mouse.down();
  for (let step = 0; step < 30; step += 1) {
    await page.mouse.move(x + width * (0.5 + step / 80), y + height / 2);
    await page.waitForTimeout(50);
  }
  assert.deepEqual(await page.evaluate(() => window.announced), [], "nothing is announced during the drag");
  await page.mouse.up();
  await eventually(async () => assert.equal((await page.evaluate(() => window.announced)).length, 1));
  const [said] = await page.evaluate(() => window.announced);
  assert.equal(said, await page.locator("#verdict h2").innerText());
  await page.waitForTimeout(1200);
  assert.equal((await page.evaluate(() => window.announced)).length, 1, "it is announced once");
});

scenario("warnings about a link are announced when the page opens", { link: "no_such_key=1" }, async (page) => {
  const warnings = page.locator("#link-warnings");
  assert.equal(await warnings.getAttribute("role"), "status");
  await eventually(async () => assert.match(await warnings.innerText(), /no_such_key/));
});

// Reduced motion.

scenario("nothing is animated if the system asks for reduced motion", {}, async (page) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await view("sweeps and their tables").open(page);
  await row(page, "weights").locator("[data-why]").click();
  const moving = await page.locator("body, body *").evaluateAll((elements) =>
    elements
      .filter((element) => {
        if (!element.isConnected) return false;
        const { transitionDuration, animationName, scrollBehavior } = getComputedStyle(element);
        return !/^0s(, 0s)*$/.test(transitionDuration) || animationName !== "none" || scrollBehavior === "smooth";
      })
      .map((element) => element.outerHTML.slice(0, 80)),
  );
  assert.deepEqual(moving, []);
});

// Forced colours.

const paint = (locator, property) =>
  locator.evaluate((element, property) => getComputedStyle(element)[property], property);

for (const colorScheme of ["light", "dark"]) {
  scenario(
    `forced colours distinguish selections, and the chart keeps its colours, ${colorScheme}`,
    { link: "tp_size=2", colorScheme },
    async (page) => {
      const before = await page
        .locator("#chart .segment")
        .evaluateAll((rects) => rects.map((rect) => getComputedStyle(rect).fill));
      await page.emulateMedia({ forcedColors: "active", colorScheme });
      for (const [chosen, other] of [
        [
          '[data-field="tp_size"] .segments [aria-pressed="true"]',
          '[data-field="tp_size"] .segments [aria-pressed="false"]',
        ],
        ["#backend label:has(:checked)", "#backend label:not(:has(:checked))"],
      ]) {
        const grounds = await Promise.all(
          [chosen, other].map((selector) => paint(page.locator(selector).first(), "backgroundColor")),
        );
        assert.notEqual(grounds[0], grounds[1], chosen);
      }
      const tabs = await Promise.all(
        ['[role="tab"][aria-selected="true"]', '[role="tab"][aria-selected="false"]'].map((selector) =>
          paint(page.locator(selector).first(), "borderBottomColor"),
        ),
      );
      assert.notEqual(tabs[0], tabs[1]);
      const after = await page
        .locator("#chart .segment")
        .evaluateAll((rects) => rects.map((rect) => getComputedStyle(rect).fill));
      assert.deepEqual(after, before);
      const swatches = await page
        .locator(".figures .sw")
        .evaluateAll((elements) => elements.map((element) => getComputedStyle(element).backgroundColor));
      assert.equal(new Set(swatches).size, 7);
      const [ground, ink] = [
        await paint(page.locator("#chart .picture"), "backgroundColor"),
        await paint(page.locator("#chart .picture"), "color"),
      ];
      assert.notEqual(ground, ink);
      assert.notEqual(ground, "rgba(0, 0, 0, 0)", "the chart has its own background");
    },
  );
}

// Zoom and large text.

// Returns the controls and texts that are cut off, outside the window or overlapping.
const crowded = (page) =>
  page.evaluate(() => {
    // Only for screen readers.
    const isClipped = (element) =>
      element !== null && (getComputedStyle(element).clipPath === "inset(50%)" || isClipped(element.parentElement));
    const seen = (element) =>
      element.checkVisibility({ visibilityProperty: true }) &&
      !isClipped(element) &&
      !element.closest(".visually-hidden, .skip, .header-label, .picture, .chart-frame, [aria-hidden=true], .step-bar");
    const name = (element) => element.id || element.outerHTML.slice(0, 70);
    // Whether the element is in a part of the page that scrolls sideways on its own.
    const scrolls = (element) =>
      element !== document.body &&
      ((getComputedStyle(element).overflowX === "auto" && !element.matches(".inputs, .main")) ||
        scrolls(element.parentElement));
    const found = [...document.querySelectorAll(".inputs, .main")]
      .filter((part) => part.scrollWidth > part.clientWidth + 1)
      .map((part) => `scrolls sideways: ${part.className}`);
    const controls = [...document.querySelectorAll("button, input:not([type=radio]), select, summary, a[href]")].filter(
      seen,
    );
    for (const element of document.querySelectorAll("button, .key, .name, h1, h2, p, th, td, summary, label")) {
      if (!seen(element) || element.closest(".unit") || scrolls(element.parentElement)) continue;
      const { overflowX, textOverflow } = getComputedStyle(element);
      if (
        element.scrollWidth > element.clientWidth + 2 &&
        element.clientWidth > 0 &&
        overflowX !== "visible" &&
        textOverflow !== "ellipsis"
      )
        found.push(`cut off: ${name(element)}`);
      const { left, right, width } = element.getBoundingClientRect();
      if (width > 0 && (right > innerWidth + 1 || left < -1)) found.push(`outside: ${name(element)}`);
    }
    for (const [index, one] of controls.entries()) {
      const a = one.getBoundingClientRect();
      for (const other of controls.slice(index + 1)) {
        if (one.contains(other) || other.contains(one)) continue;
        // The page scrolls below the bar of the places.
        if (Boolean(one.closest(".places")) !== Boolean(other.closest(".places"))) continue;
        const b = other.getBoundingClientRect();
        const [wide, high] = [
          Math.min(a.right, b.right) - Math.max(a.left, b.left),
          Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top),
        ];
        if (wide > 2 && high > 4) found.push(`overlapping: ${name(one)} and ${name(other)}`);
      }
    }
    return found;
  });

for (const backend of ["tensorrt", "pytorch"]) {
  scenario(
    `nothing is cut off at 200 % zoom, ${backend}`,
    { link: `backend=${backend}`, viewport: { width: 640, height: 400 } },
    async (page) => {
      assert.ok((await sideways(page)) <= 0);
      assert.deepEqual(await crowded(page), []);
    },
  );

  for (const [where, viewport] of [
    ["wide", undefined],
    ["at half the width", { width: 640, height: 800 }],
    ["on a phone", PHONE],
  ]) {
    scenario(
      `nothing is cut off if text is twice as large, ${where}, ${backend}`,
      { link: `backend=${backend}&tp_size=2`, viewport },
      async (page) => {
        const devtools = await page.context().newCDPSession(page);
        await devtools.send("Page.setFontSizes", { fontSizes: { standard: 32, fixed: 26 } });
        await eventually(async () =>
          assert.equal(await page.evaluate(() => getComputedStyle(document.body).fontSize), "28px"),
        );
        assert.deepEqual(await crowded(page), []);
        assert.ok((await sideways(page)) <= 0, "the page scrolls sideways");
        await enter(page, "max_batch_size", "64");
        assert.ok(await control(page, "max_batch_size").isVisible());
      },
    );
  }
}

// Print.

for (const colorScheme of ["light", "dark"]) {
  scenario(
    `print distinguishes segments by patterns and leaves out controls, ${colorScheme}`,
    { link: "tp_size=2&max_beam_width=2", colorScheme },
    async (page) => {
      await page.emulateMedia({ media: "print", colorScheme });
      const fills = await page
        .locator("#chart .segment")
        .evaluateAll((rects) => rects.map((rect) => getComputedStyle(rect).fill));
      const patterns = new Set(fills.filter((fill) => fill.startsWith("url(")));
      assert.equal(patterns.size, 6, `${[...patterns]}`);
      const swatches = await page
        .locator(".figures .sw rect")
        .evaluateAll((rects) => rects.map((rect) => getComputedStyle(rect).fill));
      assert.deepEqual(
        new Set(swatches.filter((fill) => fill.startsWith("url("))),
        patterns,
        "the table is the legend in print too",
      );
      for (const pattern of patterns) {
        const id = pattern.match(/#([^"]+)/)[1];
        assert.equal(await page.locator(`pattern[id="${id}"]`).count(), 1, id);
      }
      for (const seen of [
        "#verdict",
        "#chart svg",
        "#start-up svg",
        ".figures table",
        "#explanation",
        "#model",
        "#max_batch_size",
        "#max_beam_width",
      ]) {
        await eventually(async () => assert.ok(await page.locator(seen).first().isVisible(), `${seen} is missing`));
      }
      const controls = await page
        .locator("button:not(.key):not(.token):not([role=tab]), input[type=range], input[type=file]")
        .evaluateAll((elements) => elements.filter((element) => element.checkVisibility()).length);
      assert.equal(controls, 0);
      assert.equal(
        await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor),
        "rgb(255, 255, 255)",
      );
      assert.equal(await paint(page.locator("#verdict h2"), "color"), "rgb(27, 29, 32)");
      const pdf = await page.pdf({ format: "A4" });
      assert.equal(pdf.subarray(0, 5).toString(), "%PDF-");
    },
  );
}
