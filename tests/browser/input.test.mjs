import assert from "node:assert/strict";
import { agrees, complains, control, enter, figures, linked, problem } from "./harness/calculator.mjs";
import { eventually, scenario } from "./harness/scenario.mjs";

for (const nonsense of ["abc", "-5", "1e99", "0", "12.5.1", "99999999999999999999999999"]) {
  scenario(`max_batch_size=${nonsense} gets a message, and the last valid chart stays`, {}, async (page) => {
    await enter(page, "max_batch_size", "64");
    await agrees(page, "max_batch_size=64");
    const picture = await page.locator("#chart svg").first().innerHTML();
    await enter(page, "max_batch_size", nonsense);
    await complains(page, "max_batch_size");
    assert.equal(await control(page, "max_batch_size").inputValue(), nonsense);
    await agrees(page, "max_batch_size=64");
    assert.equal(await page.locator("#chart svg").first().innerHTML(), picture);
    await enter(page, "max_batch_size", "32");
    await agrees(page, "max_batch_size=32");
    await eventually(async () => assert.equal(await problem(page, "max_batch_size").isVisible(), false));
    assert.notEqual(await control(page, "max_batch_size").getAttribute("aria-invalid"), "true");
  });
}

scenario("an emptied field has TensorRT-LLM's default", {}, async (page) => {
  await enter(page, "max_batch_size", "64");
  await agrees(page, "max_batch_size=64");
  await enter(page, "max_batch_size", "");
  await agrees(page, "");
  // The address follows after a pause in typing.
  await eventually(async () => assert.deepEqual(await linked(page), {}));
});

scenario("a fraction of 1.2 gets a message with the valid range", {}, async (page) => {
  const before = await figures(page);
  await enter(page, "free_gpu_memory_fraction", "1.2");
  await complains(page, "free_gpu_memory_fraction", /0.*1/s);
  assert.deepEqual(await figures(page), before);
});

scenario("FP8 on a V100 gets a message at a field", {}, async (page) => {
  await enter(page, "gpu", "v100-32gb");
  await enter(page, "quant_algo", "FP8");
  await eventually(async () => {
    const texts = await page.locator('[id="quant_algo_problem"], [id="gpu_problem"]').allInnerTexts();
    assert.match(texts.join(" "), /FP8/);
  });
});

scenario("an impossible value in a link gets its message too", { link: "tp_size=3" }, async (page) => {
  await complains(page, "tp_size", /3/);
  assert.ok((await figures(page)).weights > 0);
});

scenario("typing a part of its name finds a model", {}, async (page) => {
  const input = control(page, "model");
  await input.click();
  await input.fill("qwen3-32");
  const option = page.getByRole("option", { name: /Qwen\/Qwen3-32B/ }).first();
  await option.waitFor();
  await option.click();
  await agrees(page, "model=Qwen/Qwen3-32B");
  assert.equal(await input.inputValue(), "Qwen/Qwen3-32B");
});

scenario("a model can be chosen by the keyboard alone", {}, async (page) => {
  const input = control(page, "model");
  await input.fill("mixtral-8x22b");
  await page.getByRole("option", { name: /Mixtral-8x22B/ }).first().waitFor();
  await input.press("ArrowDown");
  await input.press("Enter");
  await eventually(async () => assert.match((await linked(page)).model ?? "", /Mixtral-8x22B/));
});

scenario("the help of a setting follows the pointer and the focus", {}, async (page) => {
  const sign = (key) => page.locator(`[data-field="${key}"] .q`);
  const help = page.getByRole("tooltip");
  const isAbout = (key) => eventually(async () => assert.match(await help.innerText(), new RegExp(`\\b${key}$`)));
  const isHidden = () => eventually(async () => assert.equal(await help.count(), 0));
  await sign("tp_size").hover();
  await isAbout("tp_size");
  await sign("max_batch_size").hover();
  await isAbout("max_batch_size");
  await page.locator("h1").hover();
  await isHidden();
  await sign("pp_size").click();
  await isAbout("pp_size");
  assert.ok(await sign("pp_size").evaluate((element) => element === document.activeElement));
  await page.keyboard.press("Escape");
  await isHidden();
  await sign("tp_size").focus();
  await isAbout("tp_size");
  await control(page, "tp_size").focus();
  await isHidden();
});

scenario("a model that is not in the list leads to the import", {}, async (page) => {
  await control(page, "model").fill("no such model");
  await page.getByRole("option", { name: /No such model/ }).click();
  await page.locator("#file").waitFor();
  assert.equal(await page.locator("#tab_file").getAttribute("aria-selected"), "true");
  assert.equal(await page.locator("#model_list").isVisible(), false);
});
