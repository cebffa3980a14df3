import assert from "node:assert/strict";
import { PHONE } from "./harness/browser.mjs";
import { agrees, control, enter, estimate, isInView, screen } from "./harness/calculator.mjs";
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

for (const link of ["", "v=1"]) {
  const name = `a window of 1280 × 800 shows the verdict, the whole chart and the main settings: #${link}`;
  scenario(name, { link }, async (page) => {
    const first = FIRST.map((key) => control(page, key));
    for (const element of [page.locator("#verdict"), page.locator("#chart"), ...first]) {
      assert.ok(await isInView(element), `${element} is not entirely in view`);
    }
    assert.equal(await sideways(page), 0);
  });
}

scenario("a phone keeps the verdict and a bar in view while settings change", { viewport: PHONE }, async (page) => {
  assert.ok((await sideways(page)) <= 0, "the page scrolls sideways");
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight / 2));
  const input = control(page, "max_batch_size");
  await input.scrollIntoViewIfNeeded();
  await enter(page, "max_batch_size", "16");
  await agrees(page, "max_batch_size=16");
  const brief = page.locator(".brief");
  assert.ok(await isInView(brief.locator(".brief-verdict")), "the verdict is not in view");
  assert.equal(await brief.getAttribute("data-verdict"), await page.locator("#verdict").getAttribute("data-verdict"));
  assert.match(await brief.locator(".brief-verdict").innerText(), /^Fits/);
  assert.ok(await isInView(brief.locator("svg")), "the bar is not in view");
  const covered = await input.evaluate((element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    const top = document.elementFromPoint(x + width / 2, y + height / 2);
    return !element.contains(top);
  });
  assert.equal(covered, false, "verdict or bar cover the field");
});

scenario(
  "the Memory screen of a phone shows the whole verdict",
  { viewport: PHONE, link: "model=meta-llama/Llama-3.1-70B" },
  async (page) => {
    await screen(page, "Memory");
    const verdict = page.locator(".brief-verdict");
    assert.equal(await verdict.innerText(), await page.locator("#verdict h2").textContent());
    assert.ok(await verdict.evaluate((element) => element.scrollHeight <= element.clientHeight + 1), "it is cut off");
    assert.ok(await isInView(verdict));
  },
);

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
    const names = new RegExp(`GPU ${kv_cache.tightest_rank}\\b`);
    assert.match(await page.locator(".brief-caption").innerText(), names);
    await screen(page, "Memory");
    assert.match(await page.locator("#chart .segment").first().getAttribute("aria-label"), names);
    assert.match(await page.locator("#start-up figcaption").innerText(), names);
    const chosen = await page.locator(".runs option:checked").innerText();
    const [first, last = first] = chosen.match(/\d+/g).map(Number);
    assert.ok(first <= kv_cache.tightest_rank && kv_cache.tightest_rank <= last, chosen);
  },
);

scenario("each place of a phone is a screen, and none scrolls sideways", { viewport: PHONE }, async (page) => {
  const screens = [".inputs", ".memory", ".questions"];
  for (const [name, shown] of [
    ["Settings", ".inputs"],
    ["Memory", ".memory"],
    ["Why", ".questions"],
    ["Decide", ".questions"],
    ["Import", ".questions"],
  ]) {
    await screen(page, name);
    for (const screen of screens) assert.equal(await page.locator(screen).isVisible(), screen === shown, name);
    assert.ok(await isInView(page.locator(".brief-verdict")), `${name}: the verdict is not in view`);
    assert.ok((await sideways(page)) <= 0, `${name} scrolls sideways`);
  }
});

scenario(
  "the longest names fit on a phone",
  { viewport: PHONE, link: "model=meta-llama/Llama-4-Maverick-17B-128E-Instruct&tp_size=8" },
  async (page) => {
    assert.ok((await sideways(page)) <= 0, "the page scrolls sideways");
  },
);
