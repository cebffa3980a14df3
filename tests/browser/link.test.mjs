import assert from "node:assert/strict";
import { agrees, control, enter, linked, row } from "./harness/calculator.mjs";
import { eventually, scenario } from "./harness/scenario.mjs";

const SETTINGS = {
  model: "Qwen/Qwen3-32B",
  tp_size: "4",
  quant_algo: "FP8",
  kv_cache_dtype: "fp8",
  max_batch_size: "64",
};
const LINK = Object.entries(SETTINGS).map((pair) => pair.join("=")).join("&");

scenario("the address has no settings while all have their defaults", {}, async (page) => {
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

scenario(
  "the address follows each change and has only the settings that differ from the defaults",
  {},
  async (page) => {
    await enter(page, "max_batch_size", "64");
    await eventually(async () => assert.deepEqual(await linked(page), { max_batch_size: "64" }));
    await enter(page, "kv_cache_dtype", "fp8");
    await eventually(async () => assert.deepEqual(await linked(page), { kv_cache_dtype: "fp8", max_batch_size: "64" }));
    await enter(page, "kv_cache_dtype", "auto");
    await enter(page, "max_batch_size", "");
    await eventually(async () => assert.deepEqual(await linked(page), {}));
    await agrees(page, "");
  },
);

scenario("the slash of a name is not escaped in the address", {}, async (page) => {
  await page.evaluate(() => (location.hash = "model=Qwen%2FQwen3-32B&max_batch_size=32"));
  await agrees(page, "model=Qwen/Qwen3-32B&max_batch_size=32");
  await enter(page, "max_batch_size", "16");
  await eventually(async () => assert.match(await page.evaluate(() => location.hash), /model=Qwen\/Qwen3-32B/));
});

scenario("an open page follows a new fragment", { link: "max_batch_size=8" }, async (page) => {
  await page.evaluate(() => (location.hash = "max_batch_size=16"));
  await agrees(page, "max_batch_size=16");
  await page.goBack();
  await agrees(page, "max_batch_size=8");
});

scenario(
  "an unknown key and an invalid value are reported, and the rest applies",
  {
    link: "no_such_key=1&max_num_tokens=plenty&max_batch_size=64",
  },
  async (page) => {
    const warnings = page.locator("#link-warnings");
    await eventually(async () => assert.match(await warnings.innerText(), /no_such_key/));
    assert.match(await warnings.innerText(), /max_num_tokens/);
    assert.doesNotMatch(await warnings.innerText(), /max_batch_size/);
    await agrees(page, "max_batch_size=64");
  },
);

scenario("a meaningless link opens the defaults", { link: "%%%&=&&&a&%E0%A4%A&tp_size=" }, async (page) => {
  await agrees(page, "");
});

scenario("a valid link has no warning", { link: LINK }, async (page) => {
  assert.equal(await page.locator("#link-warnings").isVisible(), false);
});

const opened = async (page, address) => {
  await page.goto("about:blank");
  await page.goto(address);
  await page.locator('#app[data-ready="true"]').waitFor({ state: "attached" });
};

// What a link of each version leaves out, as the links that the page writes say it.
const LEFT_OUT = { 1: { backend: "tensorrt" }, 2: {} };

scenario("a link of version 1 shows the engine, and a change rewrites it with the same meaning", {}, async (page) => {
  const address = page.url();
  for (const [link, meant] of [
    ["v=1", { quant_algo: "NO_QUANT", backend: "tensorrt" }],
    ["v=1&tp_size=2", { tp_size: "2", quant_algo: "NO_QUANT", backend: "tensorrt" }],
    ["v=1&quant_algo=FP8", { quant_algo: "FP8", backend: "tensorrt" }],
    ["v=1&backend=pytorch", { quant_algo: "NO_QUANT" }],
    // In version 1 a quantized repository means the one in 16 bit.
    [
      "v=1&model=nvidia/Llama-3.3-70B-Instruct-FP8&tp_size=4",
      { model: "meta-llama/Llama-3.3-70B-Instruct", tp_size: "4", quant_algo: "NO_QUANT", backend: "tensorrt" },
    ],
  ]) {
    await opened(page, `${address}#${link}`);
    await agrees(page, link);
    assert.equal(await page.evaluate(() => location.hash), `#${link}`, "an opened address stays as it was written");
    await enter(page, "max_batch_size", "64");
    await eventually(async () => assert.deepEqual(await linked(page), { ...meant, max_batch_size: "64" }));
    assert.match(await page.evaluate(() => location.hash), /^#v=2&/);
    await opened(page, page.url());
    await agrees(page, `${link}&max_batch_size=64`);
    assert.equal(await page.locator("#link-warnings").isVisible(), false, link);
  }
});

scenario("a link of version 1 to the defaults shows an engine in 16 bit", { link: "v=1" }, async (page) => {
  assert.equal(await page.locator("#backend input:checked").inputValue(), "tensorrt");
  assert.match(await row(page, "weights").innerText(), /\b15\.02\b/);
  assert.equal(await control(page, "quant_algo").inputValue(), "NO_QUANT");
});

scenario("a link without a version, typed by hand, has the newest defaults", { link: "tp_size=2" }, async (page) => {
  await agrees(page, "v=2&tp_size=2");
  assert.equal(await page.locator("#backend input:checked").inputValue(), "pytorch");
  assert.equal(await control(page, "quant_algo").inputValue(), "auto");
  await enter(page, "tp_size", "4");
  await eventually(async () => assert.equal(await page.evaluate(() => location.hash), "#v=2&tp_size=4"));
});

// Damage by mail programs, chats and Markdown, as far as browsers still accept the link.
const damaged = (version) => ({
  "HTML entities": `#v=${version}&amp;${LINK.replaceAll("&", "&amp;")}`,
  "HTML entities, twice": `#v=${version}&amp;amp;${LINK.replaceAll("&", "&amp;amp;")}`,
  "numeric entities": `#v=${version}&#38;${LINK.replaceAll("&", "&#38;")}`,
  "a full stop and a bracket": `#v=${version}&${LINK}).`,
  "a closing bracket of an autolink": `#v=${version}&${LINK}>`,
  "a typographic quote": `#v=${version}&${LINK}\u201d`,
  bold: `#**v=${version}&${LINK}**`,
  "every character escaped": `#${encodeURIComponent(`v=${version}&${LINK}`)}`,
  "every character escaped twice": `#${encodeURIComponent(encodeURIComponent(`v=${version}&${LINK}`))}`,
  "an underscore escaped": `#v=${version}&${LINK.replaceAll("_", "\\_")}`,
  "a line break": `#v=${version}&${LINK.replace("Qwen/", "Qwen/%0D%0A")}`,
  "a question mark in place of the hash": `?v=${version}&${LINK}`,
  "a question mark and entities": `?v=${version}&amp;${LINK.replaceAll("&", "&amp;")}.`,
});

for (const [version, leftOut] of Object.entries(LEFT_OUT)) {
  scenario(`a damaged link of version ${version} is opened as intended, without a warning`, {}, async (page) => {
    const address = page.url();
    const settings = { ...SETTINGS, ...leftOut };
    for (const [how, link] of Object.entries(damaged(version))) {
      await opened(page, address + link);
      await agrees(page, `v=${version}&${LINK}`);
      // A link in the query stays as written.
      if (link.startsWith("#")) await eventually(async () => assert.deepEqual(await linked(page), settings, how));
      assert.equal(await page.locator("#link-warnings").isVisible(), false, how);
    }
  });
}

scenario("a misspelt key is reported with the nearest key", { link: "tp_sise=2" }, async (page) => {
  const warnings = page.locator("#link-warnings");
  await eventually(async () =>
    assert.match(await warnings.innerText(), /tp_sise is not a setting; did you mean tp_size\?/),
  );
});

scenario(
  "a change made before a damaged link is repaired stays",
  { link: "max_batch_size=8&tp_sise=2" },
  async (page) => {
    await enter(page, "max_batch_size", "64");
    await eventually(async () => assert.deepEqual(await linked(page), { max_batch_size: "64" }));
    await agrees(page, "max_batch_size=64");
  },
);

// Fragments, and whether the page shows a warning. Each opens the page.
const NASTY = {
  "%": true,
  "%E0%A4%A": true,
  "%FF%FE=%C0%AF": true,
  "%00": false,
  "\0\0=\0": false,
  "": false,
  "#": false,
  "__proto__=1": true,
  "constructor=toString&hasOwnProperty": true,
  "\u{1f389}\u{1f9ee}": true,
  "<script>alert(1)</script>": true,
  "javascript:alert(1)": true,
  "tp_size=99999999999999999999": true,
  "\u202egnip=\u202e": true,
  [`x=${"tp_size=2&".repeat(10_000)}`]: true,
};

scenario("the page opens with any fragment and reports the parts that it cannot parse", {}, async (page) => {
  const address = page.url();
  const warnings = page.locator("#link-warnings");
  for (const [fragment, warned] of Object.entries(NASTY)) {
    await opened(page, `${address}#${fragment}`);
    await agrees(page, "");
    const name = fragment.slice(0, 40);
    if (warned) await eventually(async () => assert.match(await warnings.innerText(), /\S/, name));
    else assert.equal(await warnings.isVisible(), false, name);
  }
});

const description = (page) => page.locator('meta[name="description"]').getAttribute("content");

scenario("title and description follow the configuration, and are the page's own by default", {}, async (page) => {
  const own = [await page.title(), await description(page)];
  await page.evaluate((link) => (location.hash = link), LINK);
  await eventually(async () =>
    assert.match(await page.title(), /^Qwen3-32B · FP8 · 4 × H100 SXM 80 GB · fits — TensorRT-LLM memory/),
  );
  assert.match(
    await description(page),
    /^Qwen3-32B · FP8 · 4 × H100 SXM 80 GB\. Fits\. The KV cache holds [\d,]+ tokens/,
  );
  await enter(page, "quant_algo", "NO_QUANT");
  await eventually(async () =>
    assert.match(await page.title(), /^Qwen3-32B · bfloat16 · 4 × H100 SXM 80 GB · fits — /),
  );
  await page.evaluate(() => (location.hash = "model=meta-llama/Llama-3.3-70B-Instruct"));
  await eventually(async () =>
    assert.match(await page.title(), /^Llama-3\.3-70B-Instruct · bfloat16 · 1 × H100 SXM 80 GB · does not fit — /),
  );
  await page.evaluate(() => (location.hash = ""));
  await eventually(async () => assert.deepEqual([await page.title(), await description(page)], own));
});

scenario("the title follows an opened link at once, and a moved slider once it rests", { link: LINK }, async (page) => {
  await eventually(async () => assert.match(await page.title(), /^Qwen3-32B · FP8 · /));
  const changes = await page.evaluate(async () => {
    let changes = 0;
    new MutationObserver(() => changes++).observe(document.querySelector("title"), { childList: true });
    const input = document.getElementById("max_batch_size");
    for (let value = 65; value < 105; value++) {
      input.value = String(value);
      input.dispatchEvent(new Event("input", { bubbles: true }));
      await new Promise((later) => setTimeout(later));
    }
    return changes;
  });
  assert.ok(changes < 10, `${changes} changes of the title`);
});
