// What a model brings: the precision of its repository, and the only backend that serves it.
import assert from "node:assert/strict";
import { agrees, control, enter, figures, linked, native, row } from "./harness/calculator.mjs";
import { eventually, scenario } from "./harness/scenario.mjs";

const WHISPER = "openai/whisper-large-v3";
// Limits at which Whisper and a language model both are possible.
const LIMITS = "gpu=l4&max_batch_size=8&max_seq_len=114";

const stored = (page) => page.locator(".checkpoint");
const backend = (page) => page.locator("#backend input:checked");
const says = (page, text) => eventually(async () => assert.equal(await stored(page).innerText(), text));
const isConverted = (page) => stored(page).evaluate((element) => element.classList.contains("converted"));
const brings = (page, name) => eventually(async () => assert.equal(await backend(page).inputValue(), name));

async function choose(page, model) {
  await control(page, "model").fill(model);
  await control(page, "model").press("Enter");
  await eventually(async () => assert.equal(await control(page, "model").inputValue(), model));
}

// The model, the deployment, the storage, and the weights of a rank in GiB.
for (const [model, link, label, weights] of [
  ["openai/gpt-oss-120b", "gpu=h200", "MXFP4 experts", "63.39"],
  ["deepseek-ai/DeepSeek-R1", "gpu=h200&tp_size=8", "FP8 blocks", "80.86"],
]) {
  scenario(`${model} runs as it is stored, and a conversion is marked`, { link }, async (page) => {
    await choose(page, model);
    await agrees(page, `model=${model}&${link}`);
    await says(page, `auto: ${label}, as the checkpoint is stored`);
    assert.equal(await isConverted(page), false);
    assert.match(await row(page, "weights").innerText(), new RegExp(`\\b${weights}\\b`));
    assert.match(await page.locator("#verdict").innerText(), /^Fits/);
    const plain = await stored(page).evaluate((element) => getComputedStyle(element).color);

    await enter(page, "quant_algo", "NO_QUANT");
    await says(page, `NO_QUANT: the checkpoint is stored as ${label}`);
    assert.equal(await isConverted(page), true);
    assert.notEqual(await stored(page).evaluate((element) => getComputedStyle(element).color), plain);

    await enter(page, "quant_algo", "auto");
    await says(page, `auto: ${label}, as the checkpoint is stored`);
    assert.equal(await isConverted(page), false);
    await agrees(page, `model=${model}&${link}`);
  });
}

scenario("the page opens on a checkpoint in 16 bit, and the line follows the precision", {}, async (page) => {
  await says(page, "auto: bfloat16, as the checkpoint is stored");
  assert.equal(await isConverted(page), false);
  assert.equal(await control(page, "quant_algo").inputValue(), "auto");
  await enter(page, "quant_algo", "FP8");
  await says(page, "FP8: the checkpoint is stored in bfloat16");
  assert.equal(await isConverted(page), true);
  await page.getByRole("button", { name: "Undo" }).click();
  await says(page, "auto: bfloat16, as the checkpoint is stored");
});

scenario("a precision that is named and stored needs no conversion", {}, async (page) => {
  await page.evaluate(() => (location.hash = "v=2&model=deepseek-ai/DeepSeek-R1&gpu=h200&tp_size=8"));
  await enter(page, "quant_algo", "FP8_BLOCK_SCALES");
  await says(page, "FP8 blocks, as the checkpoint is stored");
  assert.equal(await isConverted(page), false);
});

scenario("typing a precision finds the quantized version of a model", {}, async (page) => {
  const [options, name] = [page.locator("#model_list [role=option]"), "nvidia/Llama-3.3-70B-Instruct-FP8"];
  await control(page, "model").fill("llama-3.3-70b fp8");
  await eventually(async () => assert.ok((await options.locator(".option-name").allInnerTexts()).includes(name)));
  const option = options.filter({ hasText: name }).first();
  assert.equal(await option.locator(".option-size").innerText(), "FP8");
  await option.click();
  await agrees(page, `v=2&model=${name}`);
  await says(page, "auto: FP8, as the checkpoint is stored");
  await eventually(async () => assert.deepEqual(await linked(page), { model: name }));
  // FP8 takes half the memory of the model in 16 bit.
  const { ranks } = JSON.parse(await native("estimate", "v=2&model=meta-llama/Llama-3.3-70B-Instruct", "--json"));
  const { weights } = await figures(page);
  assert.ok(weights > 0.5 * ranks[0].weights && weights < 0.55 * ranks[0].weights, `${weights}`);
});

scenario("a model that only engines serve brings the engine and says so", { link: LIMITS }, async (page) => {
  const note = page.locator("#backend_note");
  await brings(page, "pytorch");
  assert.equal(await note.isVisible(), false);
  await choose(page, WHISPER);
  await brings(page, "tensorrt");
  await agrees(page, `model=${WHISPER}&${LIMITS}`);
  await eventually(async () => assert.match(await note.innerText(), /only as engines/));
  // The model says which backend it has, so that the link does not.
  await eventually(async () =>
    assert.equal(await page.evaluate(() => location.hash), `#v=2&model=${WHISPER}&${LIMITS}`),
  );
  await page.reload();
  await page.locator('#app[data-ready="true"]').waitFor({ state: "attached" });
  await brings(page, "tensorrt");
  await agrees(page, `model=${WHISPER}&${LIMITS}`);

  await choose(page, "Qwen/Qwen3-8B");
  await brings(page, "pytorch");
  await agrees(page, `model=Qwen/Qwen3-8B&${LIMITS}`);
  await eventually(async () => assert.equal(await note.isVisible(), false));
});

scenario("an undo of the model restores the backend that it brought", { link: LIMITS }, async (page) => {
  const [undo, redo] = ["Undo", "Redo"].map((name) => page.getByRole("button", { name }));
  const shows = async (name, settings) => {
    await brings(page, name);
    await agrees(page, settings);
  };
  await choose(page, WHISPER);
  await shows("tensorrt", `model=${WHISPER}&${LIMITS}`);
  // A pause separates the steps.
  await page.waitForTimeout(600);
  await choose(page, "Qwen/Qwen3-8B");
  await shows("pytorch", `model=Qwen/Qwen3-8B&${LIMITS}`);
  await undo.click();
  await shows("tensorrt", `model=${WHISPER}&${LIMITS}`);
  await undo.click();
  await shows("pytorch", LIMITS);
  assert.equal(await control(page, "model").inputValue(), "meta-llama/Llama-3.1-8B");
  await redo.click();
  await shows("tensorrt", `model=${WHISPER}&${LIMITS}`);
});

const ENGINE = `${LIMITS}&backend=tensorrt`;

scenario("a chosen backend stays if both serve the next model", { link: ENGINE }, async (page) => {
  await choose(page, "Qwen/Qwen3-8B");
  await brings(page, "tensorrt");
  await agrees(page, `model=Qwen/Qwen3-8B&${ENGINE}`);
});
