import assert from "node:assert/strict";
import { PHONE } from "./harness/browser.mjs";
import { complains, enter, row } from "./harness/calculator.mjs";
import { fromPackages } from "./harness/environment.mjs";
import { eventually, scenario } from "./harness/scenario.mjs";

const { source } = fromPackages("axe-core");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

async function assertAccessible(page) {
  await page.evaluate(source);
  const violations = await page.evaluate(async (values) => {
    const results = await axe.run(document, { runOnly: { type: "tag", values } });
    return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
  }, TAGS);
  assert.deepEqual(violations, []);
}

for (const [name, options] of [
  ["light", {}],
  ["dark", { colorScheme: "dark" }],
  ["on a phone", { viewport: PHONE }],
  ["on a phone, dark", { viewport: PHONE, colorScheme: "dark" }],
  ["for a deployment that fails", { link: "model=meta-llama/Llama-3.1-70B" }],
  ["for a deployment that fails, dark", { link: "model=meta-llama/Llama-3.1-70B", colorScheme: "dark" }],
  ["on two pipeline stages", { link: "model=meta-llama/Llama-3.1-70B&tp_size=4&pp_size=2" }],
  ["with warnings about the link", { link: "no_such_key=1" }],
]) {
  scenario(`axe finds nothing: ${name}`, options, assertAccessible);
}

scenario("axe finds nothing: with a message at a field", {}, async (page) => {
  await enter(page, "max_batch_size", "abc");
  await complains(page, "max_batch_size");
  await assertAccessible(page);
});

for (const colorScheme of ["light", "dark"]) {
  scenario(`axe finds nothing: with an explanation open, ${colorScheme}`, { colorScheme }, async (page) => {
    await row(page, "activations").locator("button[data-why]").click();
    await page.locator("#explanation").waitFor();
    await assertAccessible(page);
  });
}

for (const colorScheme of ["light", "dark"]) {
  scenario(`axe finds nothing: with the measurements open, ${colorScheme}`, { colorScheme }, async (page) => {
    await page.locator("#tab_accuracy").click();
    await page.locator("#accuracy .measurements").waitFor();
    await assertAccessible(page);
  });
  for (const id of ["sweep", "limits", "search", "advice", "compare", "take-away"]) {
    scenario(`axe finds nothing: ${id}, ${colorScheme}`, { colorScheme, link: "tp_size=2&compare=v%3D1" }, async (page) => {
      await page.locator(`#tab_${id}`).click();
      const panel = page.locator(`[id="${id}"] .panel`);
      await eventually(async () => assert.notEqual((await panel.innerText()).trim(), ""), 10_000);
      for (const part of await panel.locator("summary").all()) await part.click();
      await assertAccessible(page);
    });
  }
  scenario(`axe finds nothing: with a log explained, ${colorScheme}`, { colorScheme }, async (page) => {
    await page.locator("#tab_file").click();
    await page.getByRole("button", { name: "Show the documentation's example" }).click();
    await page.locator(".timeline").waitFor();
    await assertAccessible(page);
    await page.getByRole("button", { name: "Use my log" }).click();
    await page.locator("#calibration").waitFor();
    await assertAccessible(page);
  });
}

scenario("every control has its link key as id and name, and a label", {}, async (page) => {
  const unlabelled = await page.locator("input[name], select[name]").evaluateAll((elements) =>
    elements.filter((element) => element.labels?.length === 0 && !element.ariaLabel && !element.getAttribute("aria-labelledby")).map(({ id }) => id),
  );
  assert.deepEqual(unlabelled, []);
  for (const key of ["model", "gpu", "tp_size", "pp_size", "quant_algo", "kv_cache_dtype", "max_batch_size", "max_num_tokens",
    "max_seq_len", "free_gpu_memory_fraction", "max_tokens"]) {
    assert.equal(await page.locator(`[id="${key}"]`).count(), 1, `${key} as id`);
    assert.ok((await page.locator(`[name="${key}"]`).count()) >= 1, `${key} as name`);
  }
});

for (const options of [{}, { colorScheme: "dark" }, { viewport: PHONE }]) {
  scenario(`axe finds nothing: with the sheet of Share open, ${JSON.stringify(options)}`, { link: "tp_size=2", permissions: ["clipboard-write"], ...options }, async (page) => {
    await page.locator("#share").click();
    await page.locator("#share_code svg").waitFor();
    await assertAccessible(page);
  });
}
