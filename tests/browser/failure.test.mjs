import assert from "node:assert/strict";
import { eventually, scenario } from "./harness/scenario.mjs";

scenario("without WebAssembly the page says so", { fail: true, before: () => delete globalThis.WebAssembly }, async (page) => {
  await eventually(async () => assert.match(await page.locator("#failure").innerText(), /WebAssembly/));
});

const broken = () => {
  WebAssembly.instantiateStreaming = WebAssembly.instantiate = () => Promise.reject(new Error("out of memory"));
};

scenario("where the program can't start the page says why, and how to go on", { fail: true, before: broken }, async (page) => {
  const failure = page.locator("#failure");
  await eventually(async () => assert.match(await failure.innerText(), /out of memory/));
  assert.equal(await failure.getAttribute("role"), "alert");
  assert.ok(await failure.getByRole("link").isVisible());
});

// A page that can't ask its worker still answers what it works out by itself.
const noWorker = () => {
  globalThis.Worker = class {
    constructor() {
      throw new Error("no workers here");
    }
  };
};

scenario("without a worker the figures are there all the same", { before: noWorker }, async (page) => {
  assert.match(await page.locator("#verdict").innerText(), /fits/i);
  await page.locator("#max_batch_size").fill("64");
  await eventually(async () => assert.match(await page.evaluate(() => location.hash), /max_batch_size=64/));
});
