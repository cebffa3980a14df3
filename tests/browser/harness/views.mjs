// All views of the page, with the steps that open each and wait for it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { complains, control, enter, reveal, screen } from "./calculator.mjs";
import { eventually } from "./scenario.mjs";

const LARGE = "model=meta-llama/Llama-3.3-70B-Instruct&max_batch_size=64&max_seq_len=8192";
const PINNED = "tp_size=2&compare=v%3D2%26quant_algo%3DFP8";
const CUSTOM = "model=custom&m.layers=20&m.hidden=3072";
const CONFIG = readFileSync(new URL("../../fixtures/configs/families.jsonl", import.meta.url), "utf8").split("\n")[0];

const panel = (page, id) => page.locator(`[id="${id}"] .panel`);

// The screen of a phone that holds each tab.
const SCREENS = { Why: ["why", "sweep", "accuracy"], Import: ["file", "export"] };
const screenOf = (id) => Object.keys(SCREENS).find((name) => SCREENS[name].includes(id)) ?? "Decide";

// Opens a tab and waits for the content of its panel.
export async function tab(page, id) {
  await screen(page, screenOf(id));
  await page.locator(`#tab_${id}`).click();
  await eventually(async () => assert.notEqual((await panel(page, id).innerText()).trim(), ""), 15_000);
  return panel(page, id);
}

// Unfolds all details in a tab, including nested ones.
async function unfold(page, id) {
  for (let rest = 40; rest > 0; rest -= 1) {
    const folded = panel(page, id).locator("details:not([open]) > summary").first();
    if (!(await folded.isVisible())) return;
    const open = await panel(page, id).locator("details[open]").count();
    await folded.click();
    await eventually(async () => assert.ok((await panel(page, id).locator("details[open]").count()) > open), 5000);
  }
}

async function paste(page, text, pattern) {
  await tab(page, "file");
  await panel(page, "file").locator("textarea").fill(text);
  await eventually(async () => assert.match(await panel(page, "file").innerText(), pattern), 10_000);
}

const opened = (id) => async (page) => {
  await tab(page, id);
  await unfold(page, id);
};

// `link` is the fragment without the backend.
export const VIEWS = [
  { name: "the first picture", open: async () => {} },
  { name: "an unfolded explanation", open: async (page) => {
    await page.locator('[data-why="activations"]').click();
    await page.locator("#explanation").waitFor();
    await unfold(page, "why");
  } },
  { name: "sweeps and their tables", open: opened("sweep") },
  { name: "limits", open: opened("limits") },
  { name: "search results", open: opened("search") },
  { name: "advice for a deployment that does not fit", link: LARGE, open: opened("advice") },
  { name: "a comparison with a pinned deployment", link: PINNED, open: opened("compare") },
  { name: "a comparison without a pinned deployment", open: opened("compare") },
  { name: "a log used for calibration", open: async (page) => {
    await tab(page, "file");
    await page.getByRole("button", { name: "Show an example log" }).click();
    await page.locator(".timeline").waitFor();
    await unfold(page, "file");
    await page.getByRole("button", { name: "Calibrate with this log" }).click();
    await page.locator("#calibration").waitFor();
  } },
  { name: "a parsed model file", open: async (page) => {
    await paste(page, CONFIG, /config\.json/);
    await unfold(page, "file");
  } },
  { name: "an unreadable file", open: (page) => paste(page, '{"hidden_size": "x"', /can't be read/) },
  { name: "the Export tab", open: opened("export") },
  { name: "measurements and their sources", open: opened("accuracy") },
  { name: "messages of fields and of the link, and repairs", link: "no_such_key=1&tp_size=3", open: async (page) => {
    await complains(page, "tp_size");
    await enter(page, "max_batch_size", "abc");
    await complains(page, "max_batch_size");
    await page.locator("#last-valid").waitFor();
    await enter(page, "max_batch_size", "64");
    await page.locator("#repairs [data-take]").first().waitFor();
  } },
  { name: "advanced settings", link: CUSTOM, open: async (page) => {
    await reveal(page, "m.layers");
    await reveal(page, "max_beam_width");
  } },
  { name: "the help of a setting", open: async (page) => {
    await page.locator('[data-field="tp_size"] .q').focus();
    await page.getByRole("tooltip").waitFor();
  } },
  { name: "the list of models", open: async (page) => {
    await control(page, "model").click();
    await page.locator("#model_list [role=option]").first().waitFor();
  } },
  { name: "the tooltip of a segment", open: async (page) => {
    await page.locator("#chart [data-segment]").first().focus();
    await page.getByRole("tooltip").waitFor();
  } },
  { name: "the link to copy by hand", open: async (page) => {
    await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
    await page.locator("#share").click();
    await page.locator("#link").waitFor();
  } },
];
