// The calculator as a user sees it: controls by their keys, figures and messages.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { nativeCommand } from "./environment.mjs";
import { eventually } from "./scenario.mjs";

export const CONTRIBUTORS = [
  "weights",
  "activations",
  "runtime_buffers",
  "decoder_buffers",
  "kv_cache",
  "overhead",
  "free",
];

export const control = (page, key) => page.locator(`[id="${key}"]`);
export const problem = (page, key) => page.locator(`[id="${key}_problem"]`);
export const row = (page, contributor) => page.locator(`[data-contributor="${contributor}"][data-bytes]`).first();
export const segments = (page) => page.locator("#chart [data-segment]");

// Opens a screen of a phone: Settings, Memory, Why, Decide or Import. Other windows show all.
export async function screen(page, name) {
  const button = page.locator(".places").getByRole("button", { name, exact: true });
  if (!(await button.isVisible())) return;
  await button.click();
  await eventually(async () => assert.equal(await button.getAttribute("aria-current"), "page"));
}

// Shows the control of a setting: opens the screen of the settings, and unfolds what hides it.
export async function reveal(page, key) {
  await screen(page, "Settings");
  for (const folded of await page.locator(".inputs .advanced").all()) {
    if (await control(page, key).isVisible()) return;
    if (await folded.evaluate(({ open }) => !open)) await folded.locator("> summary").click();
    await folded.locator(".group").first().waitFor({ state: "attached" });
  }
  await control(page, key).waitFor();
}

// Enters a value in the way that suits the kind of control.
export async function enter(page, key, value) {
  const input = control(page, key);
  await reveal(page, key);
  const kind = await input.evaluate((element) => (element.tagName === "INPUT" ? element.type : element.tagName));
  if (kind === "SELECT") await input.selectOption(value);
  else if (kind === "checkbox") await input.setChecked(value === "true");
  else if (kind === "INPUT" || ["text", "number", "search"].includes(kind)) await input.fill(value);
  else await input.locator(`input[type="radio"][value="${value}"]`).check({ force: true });
}

// Returns the bytes of each contributor in the table.
export async function figures(page) {
  const rows = await page
    .locator("[data-contributor][data-bytes]")
    .evaluateAll((elements) => elements.map(({ dataset }) => [dataset.contributor, Number(dataset.bytes)]));
  const first = {};
  for (const [contributor, bytes] of rows) first[contributor] ??= bytes;
  return first;
}

// Returns the output of the native command.
export function native(...words) {
  return new Promise((resolve, reject) => {
    execFile(nativeCommand, words, (error, output) => {
      // Exit code 0: the deployment fits; 1: it does not. Both come with an answer.
      if (error && error.code !== 1) reject(error);
      else resolve(output);
    });
  });
}

// Returns the native command's report about the link.
export const estimate = async (link) => JSON.parse(await native("estimate", link, "--json"));

// Asserts that the page shows the native command's figures for the tightest rank, to the byte.
export async function agrees(page, link) {
  const { ranks, kv_cache } = await estimate(link);
  const rank = ranks[kv_cache.tightest_rank];
  const expected = Object.fromEntries(CONTRIBUTORS.map((contributor) => [contributor, rank[contributor]]));
  await eventually(async () => assert.deepEqual(await figures(page), expected));
}

// Returns the settings in the page's address, without the format version.
export async function linked(page) {
  const fragment = await page.evaluate(() => location.hash.slice(1));
  const settings = Object.fromEntries(new URLSearchParams(fragment));
  delete settings.v;
  return settings;
}

// Whether the whole element is inside the window.
export async function isInView(locator) {
  return locator.evaluate((element) => {
    const { top, left, bottom, right, width, height } = element.getBoundingClientRect();
    const inside = top >= -0.5 && left >= -0.5 && bottom <= innerHeight + 0.5 && right <= innerWidth + 0.5;
    return inside && width > 0 && height > 0;
  });
}

// Asserts that a field has a message, which assistive technology associates with it.
export async function complains(page, key, pattern = /\S/) {
  await eventually(async () => {
    assert.ok(await problem(page, key).isVisible(), `no message at ${key}`);
    assert.match(await problem(page, key).innerText(), pattern);
    assert.equal(await control(page, key).getAttribute("aria-invalid"), "true");
    const described = (await control(page, key).getAttribute("aria-describedby")) ?? "";
    const announced = (await problem(page, key).getAttribute("role")) === "alert";
    assert.ok(
      announced || described.split(" ").includes(`${key}_problem`),
      `the message is not associated with ${key}`,
    );
  });
}
