// The lists of models, GPUs and examples are separate files: when they are loaded, and the page
// without them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { agrees, complains, control, enter, figures, linked } from "./harness/calculator.mjs";
import { eventually, scenario } from "./harness/scenario.mjs";
import { tab } from "./harness/views.mjs";

// The models of the catalogue, each a line below its headings, without the quantized versions of
// another model, which name it in the third column.
const CATALOGUE = new URL("../../src/architecture/models.csv", import.meta.url);
const ROWS = readFileSync(CATALOGUE, "utf8").trim().split("\n").slice(1);
const MODELS = ROWS.filter((row) => row.split(",")[2] === "").length;
const LISTS = /\/(models|gpus|presets)-\w+\.csv$/;
const OTHER = "model=Qwen/Qwen3-32B&tp_size=2";
const OTHER_GPU = "gpu=b200&tp_size=2";
const warnings = (page) => page.locator("#link-warnings");
const options = (page) => page.locator("#model_list [role=option]");
const examples = (page) => page.getByLabel("Start from an example");
const offered = (menu) => menu.locator("option").allTextContents();
const missing = { missing: LISTS, expects: /404|Failed to load/ };

// Delays the lists with such names until `globalThis.sendLists` is called.
const slow = (names) => `
  const load = fetch;
  const sent = new Promise((send) => (globalThis.sendLists = send));
  globalThis.fetch = async (address, ...more) => {
    if (${names}.test(address)) await sent;
    return load(address, ...more);
  };
`;
const before = slow(LISTS);
const send = (page) => page.evaluate(() => sendLists());

scenario(
  "a link to another model waits for a slow list and opens as intended",
  { link: OTHER, before, fail: true },
  async (page) => {
    await page.waitForTimeout(500);
    assert.equal(await page.locator("#app").getAttribute("data-ready"), null);
    await send(page);
    await page.locator('#app[data-ready="true"]').waitFor({ state: "attached" });
    await agrees(page, OTHER);
    assert.equal(await warnings(page).isVisible(), false);
  },
);

for (const list of ["models", "gpus", "presets"]) {
  scenario(
    `a link to another GPU waits for a slow list of ${list} and opens as intended`,
    { link: OTHER_GPU, before: slow(`/${list}-/`), fail: true },
    async (page) => {
      await page.waitForTimeout(300);
      assert.equal(await page.locator("#app").getAttribute("data-ready"), null);
      await send(page);
      await page.locator('#app[data-ready="true"]').waitFor({ state: "attached" });
      await agrees(page, OTHER_GPU);
      assert.equal(await warnings(page).isVisible(), false);
      assert.equal(await control(page, "gpu").inputValue(), "b200");
    },
  );
}

scenario(
  "a link to another GPU waits only a limited time for a hanging list",
  { link: OTHER_GPU, before: slow("/gpus-/") },
  async (page) => {
    await eventually(async () =>
      assert.match(await warnings(page).innerText(), /The lists of models, GPUs and examples are loading/),
    );
    await agrees(page, "tp_size=2");
    await send(page);
    await agrees(page, OTHER_GPU);
    assert.equal(await warnings(page).isVisible(), false);
    assert.equal(await control(page, "gpu").inputValue(), "b200");
  },
);

scenario(
  "an embedded page waits for the lists too",
  { query: "?embed=compact&knobs=gpu,tp_size", link: OTHER_GPU, before },
  async (page) => {
    await agrees(page, "tp_size=2");
    await send(page);
    await agrees(page, OTHER_GPU);
    assert.equal(await control(page, "gpu").inputValue(), "b200");
    await enter(page, "gpu", "h200");
    await agrees(page, "gpu=h200&tp_size=2");
  },
);

scenario(
  "a link to another model waits only a limited time for a hanging list",
  { link: OTHER, before },
  async (page) => {
    await eventually(async () =>
      assert.match(await warnings(page).innerText(), /The lists of models, GPUs and examples are loading/),
    );
    await agrees(page, "tp_size=2");
    await send(page);
    await agrees(page, OTHER);
    assert.equal(await warnings(page).isVisible(), false);
  },
);

scenario(
  "the default page is painted before the list arrives, and models can be found afterwards",
  { before },
  async (page) => {
    await agrees(page, "");
    await control(page, "model").click();
    assert.match(await options(page).last().innerText(), /The lists of models, GPUs and examples are loading/);
    await send(page);
    // Without a typed text the list has every model, but not its quantized versions.
    assert.ok(MODELS > 250 && ROWS.length - MODELS > 300, `${MODELS} of ${ROWS.length}`);
    await eventually(async () => assert.equal(await options(page).count(), MODELS));
    await control(page, "model").fill("qwen3-32b");
    await page.keyboard.press("Enter");
    await agrees(page, "model=Qwen/Qwen3-32B");
  },
);

scenario(
  "the menu of GPUs is filled when the list arrives, and keeps its value and the focus",
  { before },
  async (page) => {
    const menu = control(page, "gpu");
    assert.deepEqual(await offered(menu), [
      "H100 SXM 80 GB · 79.18 GiB",
      "The lists of models, GPUs and examples are loading.",
    ]);
    assert.equal(await menu.inputValue(), "h100-sxm");
    await menu.focus();
    await send(page);
    await eventually(async () => assert.ok((await offered(menu)).length > 30));
    assert.doesNotMatch((await offered(menu)).join(), /loading/);
    assert.equal(await menu.inputValue(), "h100-sxm");
    assert.ok(await menu.evaluate((element) => element === document.activeElement));
    await page.keyboard.press("ArrowDown");
    await agrees(page, "gpu=h100-pcie");
    await menu.selectOption("b200");
    await agrees(page, "gpu=b200");
    await eventually(async () => assert.equal((await linked(page)).gpu, "b200"));
    await page.evaluate(() => (location.hash = "gpu=l4"));
    await agrees(page, "gpu=l4");
    assert.equal(await menu.inputValue(), "l4");
    await page.goBack();
    await agrees(page, "gpu=b200");
    await page.goForward();
    await agrees(page, "gpu=l4");
  },
);

scenario("a menu of GPUs that is open when the list arrives works by keyboard", { before }, async (page) => {
  const menu = control(page, "gpu");
  await menu.focus();
  await page.keyboard.press("Space");
  await send(page);
  await eventually(async () => assert.ok((await offered(menu)).length > 30));
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await agrees(page, "gpu=h100-nvl");
});

scenario("the examples are offered when the list arrives, and can be opened", { before }, async (page) => {
  const menu = examples(page);
  assert.deepEqual(await offered(menu), [
    "Start from…",
    "TensorRT-LLM's defaults",
    "The lists of models, GPUs and examples are loading.",
  ]);
  await enter(page, "max_batch_size", "64");
  await menu.selectOption("TensorRT-LLM's defaults");
  await agrees(page, "");
  await send(page);
  await menu.selectOption("Long context");
  await agrees(
    page,
    "gpu=h200&quant_algo=FP8&kv_cache_dtype=fp8&max_batch_size=16&max_num_tokens=8192&max_seq_len=131072" +
      "&backend=tensorrt&enable_chunked_context=true",
  );
  assert.equal(await menu.inputValue(), "");
  assert.match(await menu.locator("option", { hasText: "Long context" }).getAttribute("title"), /H200/);
});

scenario("a GPU chosen in a panel before the list arrives is applied afterwards", { before }, async (page) => {
  const panel = await tab(page, "sweep");
  await panel.locator("#sweep_left_key").selectOption("gpu");
  await panel.locator('[data-take="gpu=h200"]').first().dispatchEvent("click");
  await eventually(async () =>
    assert.match(await warnings(page).innerText(), /The lists of models, GPUs and examples are loading/),
  );
  await agrees(page, "");
  await send(page);
  await agrees(page, "gpu=h200");
  assert.equal(await warnings(page).isVisible(), false);
});

scenario(
  "a deployment chosen in a panel before the list of its GPU arrives is opened afterwards",
  { before },
  async (page) => {
    await enter(page, "max_seq_len", "131072");
    await enter(page, "max_num_tokens", "131072");
    await enter(page, "dtype", "float32");
    const button = (await tab(page, "advice")).locator('[data-open*="gpu="]').first();
    await button.waitFor();
    const link = await button.getAttribute("data-open");
    await button.click();
    await eventually(async () =>
      assert.match(await warnings(page).innerText(), /The lists of models, GPUs and examples are loading/),
    );
    await send(page);
    await agrees(page, link);
    assert.equal(await warnings(page).isVisible(), false);
  },
);

scenario("a link opened before the list arrives is opened again afterwards", { before }, async (page) => {
  await page.evaluate((link) => (location.hash = link), OTHER);
  await eventually(async () =>
    assert.match(await warnings(page).innerText(), /The lists of models, GPUs and examples are loading/),
  );
  await send(page);
  await agrees(page, OTHER);
  assert.equal(await warnings(page).isVisible(), false);
});

scenario("a change made before the list arrives stays", { before }, async (page) => {
  await page.evaluate((link) => (location.hash = link), OTHER);
  await agrees(page, "tp_size=2");
  await enter(page, "max_batch_size", "64");
  await send(page);
  await eventually(async () => assert.equal(await warnings(page).isVisible(), false));
  await agrees(page, "tp_size=2&max_batch_size=64");
});

scenario("a model typed before the list arrives is applied afterwards", { before }, async (page) => {
  await enter(page, "model", "qwen3-32b");
  await page.keyboard.press("Tab");
  await complains(page, "model", /before the list of models is loaded/);
  await send(page);
  await agrees(page, "model=Qwen/Qwen3-32B");
});

scenario("without the lists the default deployment works, and a missing list is named", missing, async (page) => {
  const first = await figures(page);
  await enter(page, "max_batch_size", "64");
  await eventually(async () => assert.notDeepEqual(await figures(page), first));
  assert.match(await (await tab(page, "limits")).innerText(), /max_batch_size/);
  await control(page, "model").click();
  const warning =
    String.raw`could not be loaded \(\S*(models|gpus|presets)-\w+\.csv: HTTP 404\), ` +
    String.raw`so that only meta-llama\/Llama-3\.1-8B and h100-sxm are known`;
  await eventually(async () => assert.match(await options(page).last().innerText(), new RegExp(warning)));
});

scenario("without the lists the menus report that and offer the known entries", missing, async (page) => {
  for (const [menu, known] of [
    [control(page, "gpu"), /^H100 SXM 80 GB/],
    [examples(page), /^TensorRT-LLM's defaults$/],
  ]) {
    await eventually(async () =>
      assert.match((await offered(menu)).at(-1), /could not be loaded \(\S+\.csv: HTTP 404\)/),
    );
    assert.match((await offered(menu)).at(-2), known);
  }
});

for (const [link, list] of [
  [OTHER, "presets"],
  [OTHER_GPU, "gpus"],
]) {
  const gone = { missing: new RegExp(`/${list}-\\w+\\.csv$`), expects: missing.expects, link };
  scenario(
    `${link} without the list of ${list} has a warning, and a click that finds the list opens it`,
    gone,
    async (page) => {
      await eventually(async () =>
        assert.match(
          await warnings(page).innerText(),
          new RegExp(`could not be loaded \\(\\S*${list}-\\w+\\.csv: HTTP 404\\)`),
        ),
      );
      await agrees(page, "tp_size=2");
      await page.unrouteAll();
      await page.locator("h1").click();
      await agrees(page, link);
      assert.equal(await warnings(page).isVisible(), false);
    },
  );
}

scenario(
  "a link to a model of a missing list has a warning, and a click that finds the list opens it",
  { ...missing, link: OTHER },
  async (page) => {
    await eventually(async () =>
      assert.match(await warnings(page).innerText(), /The lists of models, GPUs and examples could not be loaded/),
    );
    await agrees(page, "tp_size=2");
    // The page tries twice by itself; a click during a try starts no other.
    await page.waitForLoadState("networkidle");
    await page.unrouteAll();
    await page.locator("h1").click();
    await agrees(page, OTHER);
    assert.equal(await warnings(page).isVisible(), false);
  },
);
