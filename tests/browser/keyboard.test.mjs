import assert from "node:assert/strict";
import { PHONE } from "./harness/browser.mjs";
import { agrees, control, row, screen } from "./harness/calculator.mjs";
import { eventually, scenario } from "./harness/scenario.mjs";
import { tab, VIEWS } from "./harness/views.mjs";

const TABBABLE = 'a[href], button, input, select, textarea, summary, [tabindex="0"]';

// Runs in the page. Compares the appearance of the last focused element with and without focus, and
// checks that the focused element is visible.
const look = () => {
  const paint = (element) => {
    const style = getComputedStyle(element);
    const {
      outlineStyle,
      outlineWidth,
      boxShadow,
      borderColor,
      backgroundColor,
      stroke,
      strokeWidth,
      textDecorationLine,
    } = style;
    const outline = outlineStyle === "none" ? "none" : outlineWidth;
    return [outline, boxShadow, borderColor, backgroundColor, stroke, strokeWidth, textDecorationLine].join(" ");
  };
  const appearance = (element) => [element, element.parentElement].map(paint).join(" | ");
  const last = window.lastFocused;
  const left = last && { name: last.name, focused: last.appearance, unfocused: appearance(last.element) };
  const element = document.activeElement;
  const name = element.id || element.outerHTML.slice(0, 90);
  window.lastFocused = element === document.body ? undefined : { element, name, appearance: appearance(element) };
  element.dataset.reached = "";
  // A part of it is inside the window, and nothing covers that part.
  const { left: x, top: y, right, bottom } = element.getBoundingClientRect();
  const inside = (low, high, end) => (Math.max(low, 0) + Math.min(high, end)) / 2;
  const found = document.elementFromPoint(inside(x, right, innerWidth), inside(y, bottom, innerHeight));
  const seen =
    element === document.body ||
    element.contains(found) ||
    (found?.contains(element) && !found.matches(".brief, .brief *, .places, .places *")) ||
    element.labels?.[0]?.contains(found);
  return {
    left,
    end: element === document.body,
    hidden: seen ? undefined : `${name}, under ${found?.outerHTML.slice(0, 60)}`,
  };
};

// Walks through the whole page by Tab, until the browser itself has the focus.
async function walk(page) {
  // Starts at the top of the page, wherever the focus was.
  await page.evaluate(() => {
    window.lastFocused = undefined;
    scrollTo(0, 0);
  });
  await page.mouse.click(1, 1);
  const invisible = [];
  const covered = [];
  let ended = false;
  for (let presses = 0; presses < 900 && !ended; presses += 1) {
    await page.keyboard.press("Tab");
    const { left, end, hidden } = await page.evaluate(look);
    if (left && left.focused === left.unfocused) invisible.push(left.name);
    if (hidden) covered.push(hidden);
    ended = end && presses > 0;
  }
  assert.ok(ended, "Tab never leaves the page");
  assert.deepEqual(invisible, [], "the focus is not visible on these elements");
  assert.deepEqual(covered, [], "these elements are hidden while focused");
  const missed = await page.locator(TABBABLE).evaluateAll((elements) =>
    elements
      .filter(
        (element) =>
          element.checkVisibility({ visibilityProperty: true }) &&
          !element.closest("[inert]") &&
          !element.disabled &&
          element.tabIndex >= 0,
      )
      .filter((element) => element.type !== "radio" && !("reached" in element.dataset))
      .map((element) => element.id || element.outerHTML.slice(0, 90)),
  );
  assert.deepEqual(missed, [], "Tab does not reach these elements");
}

for (const [where, options] of [
  ["in the first picture", {}],
  ["with an engine", { link: "v=1" }],
  ["in the first picture, dark", { colorScheme: "dark" }],
  ["on a phone", { viewport: PHONE, link: "backend=pytorch" }],
  ["in a frame", { query: "?embed=1", viewport: { width: 720, height: 400 } }],
]) {
  scenario(`Tab reaches every control, and each shows the focus: ${where}`, options, walk);
}

for (const name of ["Memory", "Why", "Decide", "Import"])
  scenario(`Tab reaches every control, and each shows the focus: ${name}, phone`, { viewport: PHONE }, async (page) => {
    await screen(page, name);
    // The worker answers a panel after its screen is shown.
    const panel = page.locator(".panel:visible").first();
    if (name !== "Memory") await eventually(async () => assert.notEqual((await panel.innerText()).trim(), ""), 10_000);
    await walk(page);
  });

for (const name of [
  "an unfolded explanation",
  "sweeps and their tables",
  "limits",
  "search results",
  "advice for a deployment that does not fit",
  "a comparison with a pinned deployment",
  "a log used for calibration",
  "a parsed model file",
  "the Export tab",
  "advanced settings",
]) {
  const { link, open } = VIEWS.find((view) => view.name === name);
  scenario(`Tab reaches every control, and each shows the focus: ${name}`, { link }, async (page) => {
    await open(page);
    await walk(page);
  });
}

scenario("the order of Tab is the visual order: header, settings, result, questions, foot", {}, async (page) => {
  const groups = await page
    .locator(TABBABLE)
    .evaluateAll((elements) =>
      elements
        .filter((element) => element.checkVisibility() && element.tabIndex >= 0 && !element.closest("[inert]"))
        .map((element) =>
          [".header", ".inputs", ".result", ".questions", ".foot"].findIndex((group) => element.closest(group)),
        ),
    );
  assert.deepEqual([...new Set(groups)], [0, 1, 2, 3, 4]);
  assert.deepEqual(groups, groups.toSorted());
  const tops = await page
    .locator(".inputs .field .control")
    .evaluateAll((elements) =>
      elements.filter((element) => element.checkVisibility()).map((element) => element.getBoundingClientRect().top),
    );
  assert.deepEqual(
    tops,
    tops.toSorted((a, b) => a - b),
  );
  assert.equal(
    await page
      .locator("[tabindex]")
      .evaluateAll((elements) => elements.filter((element) => element.tabIndex > 0).length),
    0,
  );
});

scenario("the first Tab offers to skip to the answer", {}, async (page) => {
  await page.keyboard.press("Tab");
  const skip = page.getByRole("button", { name: "Skip to the answer" });
  assert.equal(await page.evaluate(() => document.activeElement.innerText), "Skip to the answer");
  assert.ok((await skip.boundingBox()).width > 50, "the button is visible");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "verdict");
  assert.equal(await page.evaluate(() => location.hash), "", "the settings stay unchanged");
});

scenario("the tabs are one stop, and the arrow keys move between them", {}, async (page) => {
  const selected = () => page.locator('[role="tab"][aria-selected="true"]').innerText();
  await page.locator("#tab_why").focus();
  for (const [key, name] of [
    ["ArrowRight", "Sweep"],
    ["ArrowLeft", "Why"],
    ["ArrowLeft", "Export"],
    ["ArrowRight", "Why"],
    ["End", "Export"],
    ["Home", "Why"],
  ]) {
    await page.keyboard.press(key);
    assert.equal(await selected(), name, key);
    assert.equal(await page.evaluate(() => document.activeElement.innerText), name);
  }
  assert.equal(
    await page.locator('[role="tab"]').evaluateAll((tabs) => tabs.filter(({ tabIndex }) => tabIndex === 0).length),
    1,
  );
});

scenario(
  "Escape closes open elements, and the focus stays near",
  { before: () => Object.defineProperty(Navigator.prototype, "clipboard", { value: undefined }) },
  async (page) => {
    await page.locator("#share").focus();
    await page.keyboard.press("Enter");
    await page.locator("#link").waitFor();
    await page.keyboard.press("Escape");
    await page.locator("#link").waitFor({ state: "hidden" });
    assert.equal(await page.evaluate(() => document.activeElement.id), "share");
    await control(page, "model").focus();
    await page.keyboard.press("ArrowDown");
    await page.locator("#model_list").waitFor();
    await page.keyboard.press("Escape");
    assert.equal(await page.locator("#model_list").isVisible(), false);
    assert.equal(await page.evaluate(() => document.activeElement.id), "model");
    await page.locator("#chart [data-segment]").first().focus();
    await page.getByRole("tooltip").waitFor();
    await page.keyboard.press("Escape");
    await eventually(async () => assert.equal(await page.getByRole("tooltip").count(), 0));
  },
);

scenario("the arrow keys open the list of models and move through it", {}, async (page) => {
  const input = control(page, "model");
  const marked = page.locator("#model_list .active");
  const isMarked = (number) =>
    eventually(async () => {
      assert.equal(await marked.getAttribute("id"), await input.getAttribute("aria-activedescendant"));
      const options = page.locator("#model_list [role=option]");
      assert.equal(await options.nth(number).getAttribute("id"), await marked.getAttribute("id"));
    });
  await input.focus();
  await page.keyboard.press("ArrowDown");
  await isMarked(0);
  await page.keyboard.press("ArrowDown");
  await isMarked(1);
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await isMarked(-1);
  await input.fill("qwen3-32b");
  await eventually(async () => assert.equal(await marked.count(), 0));
  await page.keyboard.press("ArrowDown");
  await isMarked(0);
  await page.keyboard.press("Enter");
  await agrees(page, "model=Qwen/Qwen3-32B");
});

scenario("a deployment can be set and explored without a pointer", {}, async (page) => {
  await control(page, "tp_size").focus();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("4");
  await page.locator("#quant_algo").focus();
  await page.keyboard.type("FP8");
  await page.locator("#max_batch_size_slider").focus();
  await page.keyboard.press("Home");
  await agrees(page, "tp_size=4&quant_algo=FP8&max_batch_size=1");
  await page.keyboard.press("Control+z");
  await page.locator("#tab_why").focus();
  await page.keyboard.press("ArrowRight");
  await tab(page, "sweep");
});

scenario("Enter on Why? opens the explanation", {}, async (page) => {
  const button = row(page, "kv_cache").locator("button[data-why]");
  await button.focus();
  await page.keyboard.press("Enter");
  await eventually(async () => assert.match(await page.locator("#explanation").innerText(), /KV cache/i));
});
