import assert from "node:assert/strict";
import { PHONE } from "./harness/browser.mjs";
import { agrees, control, enter, estimate, isInView } from "./harness/calculator.mjs";
import { scenario } from "./harness/scenario.mjs";

const FIRST = [
  "model",
  "gpu",
  "tp_size",
  "quant_algo",
  "kv_cache_dtype",
  "max_batch_size",
  "max_num_tokens",
  "max_seq_len",
];

const sideways = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

// Returns the lightness of background and text, from 0 to 1.
const lightness = (page) =>
  page.evaluate(() => {
    const canvas = document.createElement("canvas").getContext("2d");
    const of = (colour) => {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data;
      return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
    };
    const style = (element, property) => getComputedStyle(element)[property];
    const painted = [document.body, document.documentElement].find(
      (element) => !/, 0\)$/.test(style(element, "backgroundColor")),
    );
    const verdict = document.querySelector("#verdict");
    return { paper: of(style(painted ?? document.body, "backgroundColor")), ink: of(style(verdict, "color")) };
  });

scenario("a window of 1280 × 800 shows the verdict, the whole chart and the main settings", {}, async (page) => {
  for (const element of [page.locator("#verdict"), page.locator("#chart"), ...FIRST.map((key) => control(page, key))]) {
    assert.ok(await isInView(element), `${element} is not entirely in view`);
  }
  assert.equal(await sideways(page), 0);
});

scenario("a phone keeps the verdict and the chart in view while settings change", { viewport: PHONE }, async (page) => {
  assert.ok((await sideways(page)) <= 0, "the page scrolls sideways");
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight / 2));
  const input = control(page, "max_batch_size");
  await input.scrollIntoViewIfNeeded();
  await enter(page, "max_batch_size", "16");
  await agrees(page, "max_batch_size=16");
  assert.ok(await isInView(page.locator("#verdict")), "the verdict is not in view");
  assert.ok(await isInView(page.locator("#chart svg").first()), "the chart is not in view");
  const covered = await input.evaluate((element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    const top = document.elementFromPoint(x + width / 2, y + height / 2);
    return !element.contains(top);
  });
  assert.equal(covered, false, "verdict or chart cover the field");
});

scenario("nothing is cut off on a tablet", { viewport: { width: 768, height: 1024 } }, async (page) => {
  assert.ok((await sideways(page)) <= 0, "the page scrolls sideways");
});

scenario("the page is light if the system is light", { colorScheme: "light" }, async (page) => {
  const { paper, ink } = await lightness(page);
  assert.ok(paper > 0.8 && ink < 0.45, `paper ${paper}, ink ${ink}`);
});

scenario("the page is dark if the system is dark", { colorScheme: "dark" }, async (page) => {
  const { paper, ink } = await lightness(page);
  assert.ok(paper < 0.2 && ink > 0.5, `paper ${paper}, ink ${ink}`);
});

scenario("without scripts the page names its requirements", { scripts: false }, async (page) => {
  assert.match(await page.locator("body").innerText(), /JavaScript|WebAssembly/);
});

const STAGES = "model=meta-llama/Llama-3.1-70B&tp_size=4&pp_size=2";

scenario(
  "a phone shows and names the tightest rank, as bar and table",
  { viewport: PHONE, link: STAGES },
  async (page) => {
    const { kv_cache } = await estimate(STAGES);
    assert.ok(kv_cache.tightest_rank > 0, "this test needs a deployment whose first rank is not the tightest");
    await agrees(page, STAGES);
    assert.match(await page.locator("#chart figcaption").innerText(), new RegExp(`GPU ${kv_cache.tightest_rank}\\b`));
    const chosen = await page.locator(".runs option:checked").innerText();
    const [first, last = first] = chosen.match(/\d+/g).map(Number);
    assert.ok(first <= kv_cache.tightest_rank && kv_cache.tightest_rank <= last, chosen);
  },
);

scenario(
  "the longest names fit on a phone",
  { viewport: PHONE, link: "model=meta-llama/Llama-4-Maverick-17B-128E-Instruct&tp_size=8" },
  async (page) => {
    assert.ok((await sideways(page)) <= 0, "the page scrolls sideways");
  },
);
