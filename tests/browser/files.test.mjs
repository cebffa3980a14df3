import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, open as openFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { control, CONTRIBUTORS, enter, figures, linked, row } from "./harness/calculator.mjs";
import { nativeCommand } from "./harness/environment.mjs";
import { eventually, scenario } from "./harness/scenario.mjs";

// No model of the catalogue has these dimensions.
const CONFIG = JSON.stringify({
  model_type: "llama", architectures: ["LlamaForCausalLM"], hidden_size: 3072, num_hidden_layers: 20,
  num_attention_heads: 24, num_key_value_heads: 8, intermediate_size: 8192, vocab_size: 64000,
  max_position_embeddings: 8192, tie_word_embeddings: false, torch_dtype: "bfloat16",
}, null, 1);

const given = (page) => page.locator("#file");
const button = (page, name) => given(page).getByRole("button", { name, exact: true });
const file = (page) => given(page).locator('input[type="file"]:not([webkitdirectory])');
const folder = (page) => given(page).locator('input[type="file"][webkitdirectory]');

async function open(page) {
  await page.locator("#tab_file").click();
  await given(page).locator("textarea").waitFor();
}

async function shows(page, pattern) {
  await eventually(async () => assert.match(await given(page).innerText(), pattern), 8000);
}

// Calls `use` with the path of a temporary file.
async function withFile(name, text, use) {
  const folder = await mkdtemp(join(tmpdir(), "given-"));
  try {
    const path = join(folder, name);
    await writeFile(path, text);
    return await use(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}

// Returns the native command's figures for a model's file.
function estimated(config) {
  return withFile("config.json", config, async (path) => {
    const output = await new Promise((resolve, reject) => {
      execFile(nativeCommand, ["estimate", "", "--hf-config", path, "--json"], (error, text) =>
        error && error.code !== 1 ? reject(error) : resolve(text),
      );
    });
    const [rank] = JSON.parse(output).ranks;
    return Object.fromEntries(CONTRIBUTORS.map((contributor) => [contributor, rank[contributor]]));
  });
}

async function showsFigures(page, expected) {
  await eventually(async () => assert.deepEqual(await figures(page), expected));
}

scenario(
  "a pasted config.json is applied, agrees with the native command and is part of the link",
  {},
  async (page) => {
    const expected = await estimated(CONFIG);
    await open(page);
    await given(page).locator("textarea").fill(CONFIG);
    await shows(page, /a Hugging Face config\.json/);
    assert.equal(await given(page).locator("textarea").inputValue(), CONFIG, "the pasted text stays in its field");
    await button(page, "Use this model").click();
    await showsFigures(page, expected);
    await eventually(async () => assert.equal((await linked(page))["m.layers"], "20"));
    await page.reload();
    await page.locator('#app[data-ready="true"]').waitFor({ state: "attached" });
    await showsFigures(page, expected);
  },
);

scenario("the dimensions of a custom model can be edited", { link: "model=custom&m.layers=20" }, async (page) => {
  const before = await figures(page);
  await page.locator("#dimensions > summary").click();
  await enter(page, "m.layers", "40");
  await eventually(async () => assert.ok((await figures(page)).weights > before.weights * 1.5));
  assert.equal(await control(page, "m.hidden").isVisible(), true);
  await enter(page, "model", "meta-llama/Llama-3.1-8B");
  await control(page, "model").press("Enter");
  await eventually(async () => assert.equal(await page.locator("#dimensions").isVisible(), false));
});

scenario("a chosen file is read, and other settings stay", { link: "tp_size=2" }, async (page) => {
  await open(page);
  await file(page).setInputFiles({ name: "config.json", mimeType: "application/json", buffer: Buffer.from(CONFIG) });
  await shows(page, /config\.json is a Hugging Face config\.json/);
  await button(page, "Use this model").click();
  await eventually(async () =>
    assert.deepEqual([(await linked(page)).model, (await linked(page)).tp_size], ["custom", "2"]),
  );
});

scenario("an engine's config.json sets the build settings and locks them until they are unlocked", {}, async (page) => {
  const engine = {
    version: "0.17.0",
    pretrained_config: {
      architecture: "LlamaForCausalLM", dtype: "bfloat16", vocab_size: 128256, hidden_size: 4096, num_hidden_layers: 32,
      num_attention_heads: 32, num_key_value_heads: 8, intermediate_size: 14336, max_position_embeddings: 131072,
      mapping: { world_size: 2, tp_size: 2, pp_size: 1 },
      quantization: { quant_algo: "FP8", kv_cache_quant_algo: "FP8" },
    },
    build_config: { max_input_len: 4096, max_seq_len: 8192, max_batch_size: 64, max_num_tokens: 4096 },
  };
  await open(page);
  await given(page).locator("textarea").fill(JSON.stringify(engine));
  await shows(page, /a TensorRT-LLM engine/);
  await button(page, "Use it with its build settings").click();
  await eventually(async () => assert.equal(await control(page, "max_batch_size").isDisabled(), true));
  await eventually(async () => assert.equal(await control(page, "max_batch_size").inputValue(), "64"));
  assert.equal(await page.locator("#max_batch_size_slider").isDisabled(), true);
  assert.equal(await control(page, "free_gpu_memory_fraction").isDisabled(), false, "it is not a build setting");
  await page.locator("#locked").getByRole("button", { name: "Unlock" }).click();
  await eventually(async () => assert.equal(await control(page, "max_batch_size").isDisabled(), false));
  await eventually(async () => {
    const { tp_size, quant_algo, max_seq_len } = await linked(page);
    assert.deepEqual([tp_size, quant_algo, max_seq_len], ["2", "FP8", "8192"]);
  });
});

scenario("a dropped file is read", {}, async (page) => {
  await open(page);
  const data = await page.evaluateHandle((text) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], "config.json"));
    return transfer;
  }, CONFIG);
  const place = given(page).locator(".entry");
  await place.dispatchEvent("dragover", { dataTransfer: data });
  await place.dispatchEvent("drop", { dataTransfer: data });
  await shows(page, /config\.json is a Hugging Face config\.json/);
});

// ModelOpt says in a file of its own that the weights are FP8.
const TYPES = JSON.stringify({ quantization: { quant_algo: "FP8", kv_cache_quant_algo: "FP8" } });

scenario("files of one model are read together", {}, async (page) => {
  await open(page);
  const files = { "config.json": CONFIG, "hf_quant_config.json": TYPES };
  const buffers = Object.entries(files).map(([name, text]) => ({
    name, mimeType: "application/json", buffer: Buffer.from(text),
  }));
  await file(page).setInputFiles(buffers);
  await shows(page, /config\.json and 1 more/);
  await button(page, "Use this model").click();
  await eventually(async () => {
    assert.equal(await page.locator(".checkpoint").innerText(), "auto: FP8, as the checkpoint is stored");
  });
});

scenario("a folder is read, without the files that say nothing about the model", {}, async (page) => {
  const path = await mkdtemp(join(tmpdir(), "model-"));
  try {
    await mkdir(join(path, "original"));
    const files = [
      ["config.json", CONFIG], ["hf_quant_config.json", TYPES], ["README.md", "# A model"],
      ["tokenizer.json", "{}"], ["original/params.json", '{"dim": 1}'],
    ];
    await Promise.all(files.map(([name, text]) => writeFile(join(path, name), text)));
    await open(page);
    await folder(page).setInputFiles(path);
    await shows(page, /config\.json and 1 more/);
    await button(page, "Use this model").click();
    await eventually(async () => {
      assert.equal(await page.locator(".checkpoint").innerText(), "auto: FP8, as the checkpoint is stored");
    });
  } finally {
    await rm(path, { recursive: true });
  }
});

scenario("only the header of a safetensors file is read", {}, async (page) => {
  const header = JSON.stringify({ "lm_head.weight": { dtype: "BF16", shape: [8, 4], data_offsets: [0, 64] } });
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  await open(page);
  const buffer = Buffer.concat([length, Buffer.from(header), Buffer.alloc(1 << 20, 0xff)]);
  await file(page).setInputFiles({ name: "model.safetensors", mimeType: "application/octet-stream", buffer });
  await shows(page, /the header of a safetensors file/);
});

scenario("a button opens the documentation's log, with its figures beside the predictions", {}, async (page) => {
  await open(page);
  await button(page, "Show an example log").click();
  await shows(page, /1,134\.01 MiB/);
  const text = await given(page).innerText();
  for (const figure of ["6,678 MiB", "180.30 MiB", "63.44 GiB", "4,060", "259,840"])
    assert.ok(text.includes(figure), figure);
  assert.equal(await given(page).locator(".timeline svg").count(), 7);
  await button(page, "Load its settings").click();
  await eventually(async () => assert.equal((await linked(page)).max_batch_size, "256"));
  assert.equal((await linked(page)).calibrated_activations, undefined);
});

scenario("a log calibrates the figures that it measured, is marked there, and can be removed", {}, async (page) => {
  const mark = (contributor) => row(page, contributor).getByText("from your log");
  await open(page);
  await button(page, "Show an example log").click();
  await button(page, "Calibrate with this log").click();
  await eventually(async () => assert.equal(await mark("activations").isVisible(), true));
  assert.equal(await mark("weights").isVisible(), false);
  const { activations } = await figures(page);
  assert.equal((activations / 2 ** 20).toFixed(2), "1134.01", "the log's own figure");
  await eventually(async () => assert.match((await linked(page)).calibrated_activations ?? "", /^\d+\/\d+$/));
  await page.locator("#calibration").getByRole("button", { name: "Remove" }).click();
  await eventually(async () => assert.equal(await mark("activations").isVisible(), false));
  await eventually(async () => assert.equal((await linked(page)).calibrated_activations, undefined));
  assert.notEqual((await figures(page)).activations, activations);
});

scenario(
  "an unreadable file shows the reason and leaves the deployment unchanged",
  { link: "tp_size=2" },
  async (page) => {
    const before = await figures(page);
    await open(page);
    const junk = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 2654435761) % 256));
    await file(page).setInputFiles({ name: "engine.bin", mimeType: "application/octet-stream", buffer: junk });
    await shows(page, /engine\.bin can't be read\. It is binary/);
    await given(page).locator("textarea").fill(CONFIG.replace('"num_hidden_layers": 20', '"num_hidden_layers": 1e30'));
    await shows(page, /line \d+, num_hidden_layers/i);
    await given(page).locator("textarea").fill("<script>throw 1</script> started nginx");
    await shows(page, /can't be read.*TensorRT-LLM/);
    assert.deepEqual(await figures(page), before);
  },
);

scenario("a file of 20 MB is read, and the page stays responsive meanwhile", {}, async (page) => {
  const line = "[01/01/2026-00:00:00] [TRT-LLM] [I] nothing about sizes happened in this line of the log\n";
  const tail = "[TensorRT-LLM][INFO] [MemUsageChange] Allocated 1134.01 MiB for execution context memory.\n";
  await open(page);
  await withFile("server.log", line.repeat(Math.ceil(20_000_000 / line.length)) + tail, async (path) => {
    await file(page).setInputFiles(path);
    const before = await figures(page);
    await enter(page, "max_batch_size", "64");
    await eventually(async () => assert.notDeepEqual(await figures(page), before), 1000);
    await shows(page, /server\.log: read [\d,]+ TensorRT-LLM lines[\s\S]*1,134\.01 MiB/);
  });
});

const IDLE = "[01/01/2026-00:00:00] [TRT-LLM] [I] nothing about sizes happened in this line of the log\n";
const STARTED = "[TRT-LLM] [I] Using LLM with PyTorch backend\n[TRT-LLM] [RANK 0] [I] Use 8.46 GB for model weights.\n";
const OUT_OF_MEMORY =
  "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 900.00 MiB. " +
  "GPU 0 has a total capacity of 79.18 GiB of which 400.50 MiB is free.\n";
const UNKNOWN = "[TRT-LLM] [I] Some other memory of 12 MiB was mentioned here\n";

// Writes a log of this many megabytes with the failure in the middle. A reader of both ends alone
// would miss it.
async function longLog(path, megabytes) {
  const half = Buffer.alloc(megabytes * 500_000 - ((megabytes * 500_000) % IDLE.length), IDLE);
  const file = await openFile(path, "w");
  const parts = [Buffer.from(STARTED + UNKNOWN), half, Buffer.from(OUT_OF_MEMORY), half];
  for (const part of parts) await file.writeFile(part);
  await file.close();
}

// Records from now on the progress of reading that the page shows.
async function follow(page) {
  await page.evaluate(() => {
    const [bar, status] = [document.querySelector("#file progress"), document.querySelector("#file [role=status]")];
    globalThis.progress = [];
    const note = () => progress.push({ value: bar.hidden ? undefined : bar.value, text: status.textContent });
    new MutationObserver(note).observe(bar, { attributes: true });
  });
  return () => page.evaluate(() => progress);
}

scenario("a log of 150 MB is read whole, as by the native command, and the progress is shown", {}, async (page) => {
  await open(page);
  await withFile("server.log", "", async (path) => {
    await longLog(path, 150);
    const output = await new Promise((resolve, reject) => {
      execFile(nativeCommand, ["log", path, "--json"], (error, text) =>
        error && error.code !== 1 ? reject(error) : resolve(text),
      );
    });
    const { diagnosis } = JSON.parse(output);
    assert.match(diagnosis.text, /Tried to allocate 900\.00 MiB/);
    const progress = await follow(page);
    await file(page).setInputFiles(path);
    const bar = page.getByRole("progressbar", { name: "Part of the file that was read" });
    await bar.waitFor();
    // Page and worker answer meanwhile.
    const before = await figures(page);
    await enter(page, "max_batch_size", "64");
    await eventually(async () => assert.notDeepEqual(await figures(page), before), 1000);
    const read = /server\.log: read [\d,]+ TensorRT-LLM lines/;
    await eventually(async () => assert.match(await given(page).innerText(), read), 40_000);
    const text = await given(page).innerText();
    assert.ok(text.includes(diagnosis.sentence), text);
    assert.ok(text.includes(`Line ${diagnosis.line.toLocaleString("en-US")}`), text);
    assert.equal(await bar.isVisible(), false);
    assert.match(await given(page).getByRole("status").innerText(), /All 15\d MB were read\./);

    const said = await progress();
    const values = said.map(({ value }) => value).filter((value) => value !== undefined);
    assert.ok(values.length > 10, "the progress has many steps");
    assert.deepEqual(
      values,
      values.toSorted((one, other) => one - other),
    );
    assert.ok(values.at(-1) < 100 && values[0] < 20);
    assert.ok(new Set(said.map(({ text }) => text)).size <= 3, "the announcement does not change with each step");

    // Unfolding sends another request to the worker, which has kept the parsed log.
    await given(page).locator("details summary", { hasText: "not parsed" }).click();
    await shows(page, /Some other memory of 12 MiB/);
    assert.deepEqual(await progress(), said);
  });
});

scenario("a newer file stops the reading of the previous file", {}, async (page) => {
  await open(page);
  await withFile("server.log", "", async (path) => {
    await longLog(path, 400);
    const progress = await follow(page);
    await file(page).setInputFiles(path);
    await page.getByRole("progressbar").waitFor();
    await given(page).locator("textarea").fill(CONFIG);
    await shows(page, /The pasted text is a Hugging Face config\.json/);
    assert.equal(await page.getByRole("progressbar").isVisible(), false);
    assert.equal(await given(page).getByRole("status").innerText(), "");
    const said = (await progress()).length;
    await page.waitForTimeout(500);
    assert.equal((await progress()).length, said, "the reading has stopped");
    assert.match(await given(page).innerText(), /config\.json/);
  });
});

scenario("closing the panel stops the reading, and opening it again restarts it", {}, async (page) => {
  await open(page);
  await withFile("server.log", "", async (path) => {
    await longLog(path, 150);
    const progress = await follow(page);
    await file(page).setInputFiles(path);
    await page.getByRole("progressbar").waitFor();
    await page.locator("#tab_limits").click();
    await eventually(async () => assert.match(await page.locator("#limits").innerText(), /max_num_tokens/));
    const said = (await progress()).length;
    await page.waitForTimeout(500);
    assert.equal((await progress()).length, said, "the reading has stopped");
    await page.locator("#tab_file").click();
    const read = /server\.log: read [\d,]+ TensorRT-LLM lines/;
    await eventually(async () => assert.match(await given(page).innerText(), read), 40_000);
    assert.match(await given(page).innerText(), /900\.00 MiB/);
  });
});

scenario("a JSON file of 200 MB is rejected with its size and the limit", {}, async (page) => {
  await open(page);
  await withFile("big.json", `{"model_type": "llama",\n${" ".repeat(8192)}`, async (path) => {
    const handle = await openFile(path, "r+");
    await handle.truncate(200_000_000);
    await handle.close();
    await file(page).setInputFiles(path);
    await eventually(async () => assert.match(await given(page).innerText(), /big\.json can't be read/), 40_000);
    const text = await given(page).innerText();
    assert.ok(text.includes("200 MB") && text.includes("100 MB") && !text.includes("67 MB"), text);
  });
});
