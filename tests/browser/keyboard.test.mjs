import assert from "node:assert/strict";
import { eventually, scenario } from "./harness/scenario.mjs";
import { row } from "./harness/calculator.mjs";

const TABBABLE = 'a[href], button, input, select, textarea, summary, [tabindex="0"]';

// Runs in the page: how the focused element looks, and what to call it.
const look = () => {
  const paint = (element) => {
    const style = getComputedStyle(element);
    const { outlineStyle, outlineWidth, boxShadow, borderColor, backgroundColor, stroke, strokeWidth, textDecorationLine } = style;
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
  return { left, end: element === document.body };
};

scenario("Tab reaches every control, and each shows that it has the focus", {}, async (page) => {
  await page.evaluate(() => document.body.focus());
  const invisible = [];
  for (let presses = 0; presses < 400; presses += 1) {
    await page.keyboard.press("Tab");
    // Transitions of colours need their time.
    await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {}))));
    const { left, end } = await page.evaluate(look);
    if (left && left.focused === left.unfocused) invisible.push(left.name);
    if (end && presses > 0) break;
  }
  assert.deepEqual(invisible, [], "focus is not visible there");
  const missed = await page.locator(TABBABLE).evaluateAll((elements) =>
    elements
      .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.disabled && element.tabIndex >= 0)
      .filter((element) => element.type !== "radio" && !("reached" in element.dataset))
      .map((element) => element.id || element.outerHTML.slice(0, 90)),
  );
  assert.deepEqual(missed, [], "Tab does not get there");
});

scenario("Enter on why? opens the explanation", {}, async (page) => {
  const button = row(page, "kv_cache").locator("button[data-why]");
  await button.focus();
  await page.keyboard.press("Enter");
  await eventually(async () => assert.match(await page.locator("#explanation").innerText(), /KV cache/i));
});
