import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { PHONE } from "./harness/browser.mjs";
import { agrees, linked } from "./harness/calculator.mjs";
import { nativeCommand } from "./harness/environment.mjs";
import { eventually, scenario } from "./harness/scenario.mjs";
import { tab } from "./harness/views.mjs";

const { cases } = JSON.parse(execFileSync(nativeCommand, ["validate", "--json"]));

async function opened(page) {
  await tab(page, "accuracy");
  await page.locator("#accuracy .measurements").waitFor();
  return page.locator("#accuracy");
}

scenario(
  "the accuracy tab is filled on demand, with every figure that the native command compares",
  {},
  async (page) => {
    assert.equal(await page.locator("#accuracy .panel").count(), 0);
    const panel = await opened(page);
    assert.equal(await panel.locator(".measurements tbody tr:not(.measured)").count(), cases.length);
    const agreeing = await panel.locator(".measurements td", { hasText: /^to the printed digit$/ }).count();
    assert.match(await panel.innerText(), new RegExp(`${agreeing} of ${cases.length} figures`));
    assert.ok((await panel.locator("circle[data-tip]").count()) > 10);
  },
);

scenario("a dot shows its prediction and its measurement", {}, async (page) => {
  const panel = await opened(page);
  const dot = panel.locator("circle[data-tip]").last();
  await dot.hover();
  const line = panel.locator("[data-tips]");
  await eventually(async () => assert.equal(await line.innerText(), await dot.getAttribute("data-tip")));
  assert.match(await line.innerText(), /predicted .*measured/);
});

scenario("a measured configuration opens in the page", {}, async (page) => {
  const panel = await opened(page);
  const configuration = panel.locator(".measured a[href^='#']").first();
  const link = (await configuration.getAttribute("href")).slice(1);
  await configuration.click();
  await agrees(page, link);
  assert.ok((await linked(page)).model);
});

scenario("sources open in new tabs without a reference to the page", {}, async (page) => {
  const panel = await opened(page);
  const sources = await panel
    .locator(".source a")
    .evaluateAll((links) => links.map(({ href, target, rel }) => ({ href, target, rel })));
  assert.ok(sources.length > 5);
  for (const { href, target, rel } of sources) {
    assert.match(href, /^https:\/\//);
    assert.deepEqual([target, rel], ["_blank", "noopener"]);
  }
});

scenario("the measurements fit on a phone", { viewport: PHONE }, async (page) => {
  await opened(page);
  assert.ok(
    (await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0,
    "the page scrolls sideways",
  );
});
