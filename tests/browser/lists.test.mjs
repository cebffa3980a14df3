// The list of models is a file of its own: when it is loaded, and what the page does without it.
import assert from "node:assert/strict";
import { agrees, complains, control, enter, figures } from "./harness/calculator.mjs";
import { eventually, scenario } from "./harness/scenario.mjs";
import { tab } from "./harness/views.mjs";

const LIST = /\/models-\w+\.csv$/;
const OTHER = "model=Qwen/Qwen3-32B&tp_size=2";
const warnings = (page) => page.locator("#link-warnings");
const options = (page) => page.locator("#model_list [role=option]");
const missing = { missing: LIST, expects: /404|Failed to load/ };

// Keeps the list back until `globalThis.sendModels` is called.
const slow = () => {
  const load = globalThis.fetch;
  const sent = new Promise((send) => (globalThis.sendModels = send));
  globalThis.fetch = async (address, ...more) => {
    if (/models-\w+\.csv$/.test(address)) await sent;
    return load(address, ...more);
  };
};
const send = (page) => page.evaluate(() => sendModels());

scenario("a link to another model waits for a slow list and opens as it was meant", { link: OTHER, before: slow, fail: true }, async (page) => {
  await page.waitForTimeout(500);
  assert.equal(await page.locator("#app").getAttribute("data-ready"), null);
  await send(page);
  await page.locator('#app[data-ready="true"]').waitFor({ state: "attached" });
  await agrees(page, OTHER);
  assert.equal(await warnings(page).isVisible(), false);
});

scenario("a link to another model waits for a list that hangs for a while only", { link: OTHER, before: slow }, async (page) => {
  await eventually(async () => assert.match(await warnings(page).innerText(), /The list of models is loading/));
  await agrees(page, "tp_size=2");
  await send(page);
  await agrees(page, OTHER);
  assert.equal(await warnings(page).isVisible(), false);
});

scenario("the default page is painted before the list arrives, and the models are found when it has", { before: slow }, async (page) => {
  await agrees(page, "");
  await control(page, "model").click();
  assert.match(await options(page).last().innerText(), /The list of models is loading/);
  await send(page);
  await eventually(async () => assert.equal(await options(page).count(), 41));
  await control(page, "model").fill("qwen3-32b");
  await page.keyboard.press("Enter");
  await agrees(page, "model=Qwen/Qwen3-32B");
});

scenario("a link that is opened before the list arrives is opened again with it", { before: slow }, async (page) => {
  await page.evaluate((link) => (location.hash = link), OTHER);
  await eventually(async () => assert.match(await warnings(page).innerText(), /The list of models is loading/));
  await send(page);
  await agrees(page, OTHER);
  assert.equal(await warnings(page).isVisible(), false);
});

scenario("what is changed before the list arrives stays", { before: slow }, async (page) => {
  await page.evaluate((link) => (location.hash = link), OTHER);
  await agrees(page, "tp_size=2");
  await enter(page, "max_batch_size", "64");
  await send(page);
  await eventually(async () => assert.equal(await warnings(page).isVisible(), false));
  await agrees(page, "tp_size=2&max_batch_size=64");
});

scenario("a model that is typed before the list arrives is taken with it", { before: slow }, async (page) => {
  await enter(page, "model", "qwen3-32b");
  await page.keyboard.press("Tab");
  await complains(page, "model", /before the list of models is there/);
  await send(page);
  await agrees(page, "model=Qwen/Qwen3-32B");
});

scenario("without the list the default deployment works, and what is missing is named", missing, async (page) => {
  const first = await figures(page);
  await enter(page, "max_batch_size", "64");
  await eventually(async () => assert.notDeepEqual(await figures(page), first));
  assert.match(await (await tab(page, "limits")).innerText(), /max_batch_size/);
  await control(page, "model").click();
  await eventually(async () =>
    assert.match(await options(page).last().innerText(), /could not be loaded \(\S*models-\w+\.csv: HTTP 404\), so that only meta-llama\/Llama-3\.1-8B is known/),
  );
});

scenario("a link to a model of a list that is missing says so, and a click that finds the list opens it", { ...missing, link: OTHER }, async (page) => {
  await eventually(async () => assert.match(await warnings(page).innerText(), /The list of models could not be loaded/));
  await agrees(page, "tp_size=2");
  await page.unrouteAll();
  await page.locator("h1").click();
  await agrees(page, OTHER);
  assert.equal(await warnings(page).isVisible(), false);
});
