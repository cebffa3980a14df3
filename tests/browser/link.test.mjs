import assert from "node:assert/strict";
import { agrees, control, enter, linked } from "./harness/calculator.mjs";
import { eventually, scenario } from "./harness/scenario.mjs";

const SETTINGS = { model: "Qwen/Qwen3-32B", tp_size: "4", quant_algo: "FP8", kv_cache_dtype: "fp8", max_batch_size: "64" };
const LINK = Object.entries(SETTINGS).map((pair) => pair.join("=")).join("&");

scenario("the address is empty while nothing differs from the defaults", {}, async (page) => {
  assert.deepEqual(await linked(page), {});
});

scenario("a link restores the page", { link: LINK }, async (page) => {
  await agrees(page, LINK);
  assert.equal(await control(page, "max_batch_size").inputValue(), "64");
  assert.equal(await control(page, "model").inputValue(), SETTINGS.model);
  assert.deepEqual(await linked(page), SETTINGS);
  await page.reload();
  await page.locator('#app[data-ready="true"]').waitFor({ state: "attached" });
  await agrees(page, LINK);
});

scenario("the address follows each change, with what differs from the defaults alone", {}, async (page) => {
  await enter(page, "max_batch_size", "64");
  await eventually(async () => assert.deepEqual(await linked(page), { max_batch_size: "64" }));
  await enter(page, "kv_cache_dtype", "fp8");
  await eventually(async () => assert.deepEqual(await linked(page), { kv_cache_dtype: "fp8", max_batch_size: "64" }));
  await enter(page, "kv_cache_dtype", "auto");
  await enter(page, "max_batch_size", "");
  await eventually(async () => assert.deepEqual(await linked(page), {}));
  await agrees(page, "");
});

scenario("a name's slash stays as it is in the address", {}, async (page) => {
  await page.evaluate(() => (location.hash = "model=Qwen%2FQwen3-32B&max_batch_size=32"));
  await agrees(page, "model=Qwen/Qwen3-32B&max_batch_size=32");
  await enter(page, "max_batch_size", "16");
  await eventually(async () => assert.match(await page.evaluate(() => location.hash), /model=Qwen\/Qwen3-32B/));
});

scenario("a new fragment in an open page is followed", { link: "max_batch_size=8" }, async (page) => {
  await page.evaluate(() => (location.hash = "max_batch_size=16"));
  await agrees(page, "max_batch_size=16");
  await page.goBack();
  await agrees(page, "max_batch_size=8");
});

scenario("an unknown key and a bad value are named, and the rest holds", {
  link: "no_such_key=1&max_num_tokens=plenty&max_batch_size=64",
}, async (page) => {
  const warnings = page.locator("#link-warnings");
  await eventually(async () => assert.match(await warnings.innerText(), /no_such_key/));
  assert.match(await warnings.innerText(), /max_num_tokens/);
  assert.doesNotMatch(await warnings.innerText(), /max_batch_size/);
  await agrees(page, "max_batch_size=64");
});

scenario("a link of nonsense opens the defaults", { link: "%%%&=&&&a&%E0%A4%A&tp_size=" }, async (page) => {
  await agrees(page, "");
});

scenario("no warning stands where the link is good", { link: LINK }, async (page) => {
  assert.equal(await page.locator("#link-warnings").isVisible(), false);
});
