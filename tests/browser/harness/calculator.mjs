// The calculator as a person sees it: its inputs by their TensorRT-LLM names, its figures, its messages.
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

// Enters a value the way the control takes it.
export async function enter(page, key, value) {
  const input = control(page, key);
  const kind = await input.evaluate((element) => (element.tagName === "INPUT" ? element.type : element.tagName));
  if (kind === "SELECT") await input.selectOption(value);
  else if (kind === "checkbox") await input.setChecked(value === "true");
  else if (kind === "INPUT" || ["text", "number", "search"].includes(kind)) await input.fill(value);
  else await input.locator(`input[type="radio"][value="${value}"]`).check({ force: true });
}

// The bytes of each contributor in the table.
export async function figures(page) {
  const rows = await page
    .locator("[data-contributor][data-bytes]")
    .evaluateAll((elements) => elements.map(({ dataset }) => [dataset.contributor, Number(dataset.bytes)]));
  const first = {};
  for (const [contributor, bytes] of rows) first[contributor] ??= bytes;
  return first;
}

// What the native command prints.
export function native(...words) {
  return new Promise((resolve, reject) => {
    execFile(nativeCommand, words, (error, output) => {
      // 0: it fits, 1: it does not; both print an answer.
      if (error && error.code !== 1) reject(error);
      else resolve(output);
    });
  });
}

// What the native command says of a link.
export const estimate = async (link) => JSON.parse(await native("estimate", link, "--json"));

// The page shows, to the byte, what the native command says of the link, of the rank that decides.
export async function agrees(page, link) {
  const { ranks, kv_cache } = await estimate(link);
  const rank = ranks[kv_cache.tightest_rank];
  const expected = Object.fromEntries(CONTRIBUTORS.map((contributor) => [contributor, rank[contributor]]));
  await eventually(async () => assert.deepEqual(await figures(page), expected));
}

// The settings in the page's address, without the format's version.
export async function linked(page) {
  const fragment = await page.evaluate(() => location.hash.slice(1));
  const settings = Object.fromEntries(new URLSearchParams(fragment));
  delete settings.v;
  return settings;
}

// Whether the whole of the element is inside the window.
export async function isInView(locator) {
  return locator.evaluate((element) => {
    const { top, left, bottom, right, width, height } = element.getBoundingClientRect();
    const inside = top >= -0.5 && left >= -0.5 && bottom <= innerHeight + 0.5 && right <= innerWidth + 0.5;
    return inside && width > 0 && height > 0;
  });
}

// A message stands at the field, and assistive technology can find it there.
export async function complains(page, key, pattern = /\S/) {
  await eventually(async () => {
    assert.ok(await problem(page, key).isVisible(), `no message at ${key}`);
    assert.match(await problem(page, key).innerText(), pattern);
    assert.equal(await control(page, key).getAttribute("aria-invalid"), "true");
    const described = (await control(page, key).getAttribute("aria-describedby")) ?? "";
    const announced = (await problem(page, key).getAttribute("role")) === "alert";
    assert.ok(announced || described.split(" ").includes(`${key}_problem`), `the message is not tied to ${key}`);
  });
}
