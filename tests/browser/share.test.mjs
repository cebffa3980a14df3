import assert from "node:assert/strict";
import { agrees } from "./harness/calculator.mjs";
import { eventually, scenario } from "./harness/scenario.mjs";

const LINK = "v=1&tp_size=4&max_batch_size=64";

scenario("Share copies the link of what is shown", { link: LINK, permissions: ["clipboard-read", "clipboard-write"] }, async (page) => {
  await page.locator("#share").click();
  await eventually(async () => assert.equal(await page.locator("#share").innerText(), "Link copied"));
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(copied, page.url());
  await page.goto("about:blank");
  await page.goto(copied);
  await page.locator('#app[data-ready="true"]').waitFor({ state: "attached" });
  await agrees(page, LINK);
});

const refuse = () => {
  navigator.clipboard.writeText = () => Promise.reject(new DOMException("no", "NotAllowedError"));
};
const without = () => Object.defineProperty(Navigator.prototype, "clipboard", { value: undefined });

for (const [name, before] of [["refuses", refuse], ["doesn't have", without]]) {
  scenario(`where the browser ${name} the clipboard, Share shows the link, selected`, { link: LINK, before }, async (page) => {
    await page.locator("#share").click();
    const link = page.locator("#link");
    await link.waitFor();
    assert.equal(await link.inputValue(), page.url());
    await eventually(async () => assert.equal(await page.evaluate(() => getSelection().toString()), page.url()));
    await page.getByRole("button", { name: "Close" }).click();
    assert.equal(await link.count(), 0);
  });
}
