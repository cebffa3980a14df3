import assert from "node:assert/strict";
import { agrees, control, CONTRIBUTORS, enter, estimate, figures, isInView, row } from "./harness/calculator.mjs";
import { eventually, scenario } from "./harness/scenario.mjs";

scenario("the page opens with a deployment that fits", {}, async (page) => {
  assert.match(await page.locator("#verdict").getAttribute("data-verdict"), /^fits/);
  assert.match(await page.locator("#verdict").innerText(), /fits/i);
  await page.locator("#chart svg").first().waitFor();
  assert.ok((await figures(page)).weights > 0);
});

scenario("the table shows the native command's figures, to the byte", {}, async (page) => {
  await agrees(page, "");
  for (const contributor of CONTRIBUTORS) {
    assert.match(await row(page, contributor).innerText(), /\d.*(GiB|MiB|KiB|B)/s, contributor);
  }
});

scenario("entering a number updates the figures at once", {}, async (page) => {
  await enter(page, "max_batch_size", "64");
  await agrees(page, "max_batch_size=64");
  await enter(page, "max_num_tokens", "1024");
  await agrees(page, "max_batch_size=64&max_num_tokens=1024");
});

scenario("choosing a value updates the figures at once", {}, async (page) => {
  await enter(page, "quant_algo", "FP8");
  await agrees(page, "quant_algo=FP8");
  await enter(page, "gpu", "h200");
  await agrees(page, "quant_algo=FP8&gpu=h200");
});

scenario("the arrow keys move a slider, which updates its number and the figures", {}, async (page) => {
  const slider = page.locator("#max_batch_size_slider");
  await slider.focus();
  let before = await figures(page);
  for (const key of ["ArrowLeft", "ArrowLeft", "ArrowLeft"]) {
    await slider.press(key);
    await eventually(async () => assert.notDeepEqual(await figures(page), before));
    before = await figures(page);
  }
  await agrees(page, `max_batch_size=${await control(page, "max_batch_size").inputValue()}`);
});

scenario("dragging a slider updates the figures before the release", {}, async (page) => {
  const slider = page.locator("#max_num_tokens_slider");
  await slider.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await slider.boundingBox();
  const before = await figures(page);
  await page.mouse.move(x + width * 0.5, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + width * 0.8, y + height / 2, { steps: 4 });
  await eventually(async () => assert.notEqual((await figures(page)).activations, before.activations));
  await page.mouse.up();
  await agrees(page, `max_num_tokens=${await control(page, "max_num_tokens").inputValue()}`);
});

scenario("the verdict on a deployment that does not fit says by how much", {}, async (page) => {
  const link = "model=meta-llama/Llama-3.1-70B";
  assert.equal(
    (await estimate(link)).verdict.startsWith?.("fits") ?? false,
    false,
    "this test needs a deployment that fails",
  );
  await page.evaluate((fragment) => (location.hash = fragment), link);
  await eventually(async () => assert.equal(await page.locator("#verdict").getAttribute("data-verdict"), "fails"));
  assert.match(await page.locator("#verdict").innerText(), /\d.*(GiB|MiB)/s);
  await agrees(page, link);
});

scenario("a segment of the chart shows its size and share, by mouse and by keyboard", {}, async (page) => {
  const tooltip = page.getByRole("tooltip");
  const tells = () => eventually(async () => assert.match(await tooltip.innerText(), /(GiB|MiB).*%|%.*(GiB|MiB)/s));
  const segment = page.locator('#chart [data-segment*="weights"]').first();
  await segment.hover();
  await tells();
  assert.ok(await isInView(tooltip), "the tooltip is cut off");
  await page.mouse.move(1, 1);
  await segment.focus();
  await tells();
  const figure = (await row(page, "weights").innerText()).match(/[\d.,]+\s(GiB|MiB)/)[0];
  assert.ok((await tooltip.innerText()).includes(figure), `the tooltip does not show ${figure}`);
});

scenario("Why? opens the explanation of its figure", {}, async (page) => {
  const explanation = page.locator("#explanation");
  const explained = new Set();
  for (const contributor of ["weights", "activations", "kv_cache"]) {
    await row(page, contributor).locator("button[data-why]").click();
    const figure = (await row(page, contributor).innerText()).match(/[\d.,]+\s(GiB|MiB)/)[0];
    await eventually(async () =>
      assert.ok((await explanation.innerText()).includes(figure), `${contributor}: no ${figure}`),
    );
    explained.add(await explanation.innerText());
  }
  assert.equal(explained.size, 3);
});

const UNCERTAIN = "v=1&gpu=l4&quant_algo=FP8&max_batch_size=64&max_num_tokens=2048&max_seq_len=4096&max_tokens=";

scenario("a deployment whose band contains the capacity fits, with an uncertain verdict", {}, async (page) => {
  let tokens = 60_000;
  while ((await estimate(UNCERTAIN + tokens)).verdict !== "fits_uncertain" && tokens < 120_000) tokens += 500;
  await page.evaluate((fragment) => (location.hash = fragment), UNCERTAIN + tokens);
  const verdict = page.locator("#verdict");
  await eventually(async () => assert.equal(await verdict.getAttribute("data-verdict"), "fits_uncertain"));
  assert.match(await verdict.innerText(), /within the uncertainty/);
  const colour = () => page.locator("#verdict .verdict-word").evaluate((word) => getComputedStyle(word).color);
  const doubt = await colour();
  await page.evaluate((fragment) => (location.hash = fragment), "");
  await eventually(async () => assert.notEqual(await colour(), doubt));
});

scenario("the table shows the likely range of each figure, unless it is narrower than its digits", {}, async (page) => {
  const { ranks } = await estimate("");
  let ranges = 0;
  for (const contributor of CONTRIBUTORS.slice(0, -1)) {
    const ends = ranks[0].bands[contributor].map((bytes) => bytes / 2 ** 30);
    const text = await row(page, contributor).locator(".range").innerText();
    if (text === "") {
      assert.ok(ends[1] - ends[0] < 0.01, `${contributor}: ${ends}`);
      continue;
    }
    ranges += 1;
    const shown = text.split(" – ").map((end) => Number(end.replaceAll(",", "")));
    assert.ok(shown[0] < shown[1], `${contributor}: ${text}`);
    // Digits behind the point suit the width.
    const most = ends[1] - ends[0] < 0.1 ? 0.00501 : 0.0501;
    for (const at of [0, 1]) assert.ok(Math.abs(shown[at] - ends[at]) < most, `${contributor}: ${text}, not ${ends}`);
  }
  assert.ok(ranges > 2);
});

scenario("pointing at a row marks its contributor in the chart and in the start-up", {}, async (page) => {
  const marked = (id) => page.locator(`#${id}`).getAttribute("data-pointed");
  for (const contributor of ["weights", "kv_cache"]) {
    await row(page, contributor).hover();
    await eventually(async () =>
      assert.deepEqual([await marked("chart"), await marked("start-up")], [contributor, contributor]),
    );
  }
  await page.locator('#start-up [data-segment="weights"]').last().hover();
  await eventually(async () => assert.equal(await marked("chart"), "weights"));
  assert.equal(await row(page, "weights").evaluate((element) => element.classList.contains("pointed")), true);
  assert.equal(await page.getByRole("tooltip").count(), 0, "a phase of the start is no GPU of the chart");
});

scenario("trtllm-build's own estimate is shown below the figures of an engine only", { link: "v=1" }, async (page) => {
  const line = page.locator("#upper-bound");
  const { weights, activations } = await figures(page);
  const gib = Number((await line.innerText()).match(/([\d.,]+) GiB/)[1].replaceAll(",", ""));
  // The KV cache adds to the engine, whatever its size.
  assert.ok(gib > (weights + activations) / 2 ** 30);
  await page.evaluate(() => (location.hash = "v=1&backend=pytorch"));
  await eventually(async () => assert.equal(await line.innerText(), ""));
});

const L4 = "v=1&gpu=l4&quant_algo=FP8";

scenario(
  "a slider's tick marks the last value that fits and follows it",
  { link: `${L4}&max_seq_len=32768` },
  async (page) => {
    const slider = page.locator("#max_batch_size_slider");
    const last = async () =>
      Number(((await slider.getAttribute("title")) ?? "").match(/Fits up to ([\d,]+)\./)?.[1].replaceAll(",", ""));
    await eventually(async () => assert.ok((await last()) > 0));
    const before = await last();
    const at = (size) => estimate(`${L4}&max_seq_len=32768&max_batch_size=${size}`);
    assert.match((await at(before)).verdict, /^fits/);
    assert.equal((await at(before + 1)).verdict, "fails");
    const tick = () => slider.evaluate((element) => Number(element.style.getPropertyValue("--tick")));
    const place = await tick();
    assert.ok(place > 0 && place < 1000, `${place}`);
    await enter(page, "max_seq_len", "24576");
    await eventually(async () => assert.ok((await last()) > before));
    assert.ok((await tick()) > place);
  },
);
