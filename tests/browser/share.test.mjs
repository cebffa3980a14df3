import assert from "node:assert/strict";
import { PHONE } from "./harness/browser.mjs";
import { agrees, enter, isInView } from "./harness/calculator.mjs";
import { eventually, scenario } from "./harness/scenario.mjs";

const LINK = "v=2&tp_size=4&max_batch_size=64";
const CLIPBOARD = ["clipboard-read", "clipboard-write"];

const sheet = (page) => page.locator("#share_sheet");
const code = (page) => page.getByRole("img", { name: "QR code of the link" });
const clipboard = (page) => page.evaluate(() => navigator.clipboard.readText());

scenario("Share copies the link of the configuration", { link: LINK, permissions: CLIPBOARD }, async (page) => {
  await page.locator("#share").click();
  await eventually(async () => assert.equal(await page.locator("#share").innerText(), "Link copied"));
  const copied = await clipboard(page);
  assert.equal(copied, page.url());
  await page.goto("about:blank");
  await page.goto(copied);
  await page.locator('#app[data-ready="true"]').waitFor({ state: "attached" });
  await agrees(page, LINK);
});

scenario(
  "the Share dialog has the link, Markdown with a summary, and a QR code",
  { link: LINK, permissions: CLIPBOARD },
  async (page) => {
    await page.locator("#share").click();
    assert.equal(await page.locator("#link").inputValue(), page.url());
    await code(page).waitFor();
    await page.getByRole("button", { name: "copy Markdown" }).click();
    await eventually(async () => {
      const copied = await clipboard(page);
      const summary =
        String.raw`^\[Llama-3\.1-8B, bfloat16, 4 × H100 SXM 80 GB: fits, ` +
        String.raw`room for [\d,]+ sequences of [\d,]+ tokens, [\d.]+ GiB stay free\]\(`;
      assert.match(copied, new RegExp(summary));
      assert.ok(copied.endsWith(`](${page.url()})`), copied);
    });
  },
);

scenario(
  "every form of the link contains the pinned deployment",
  { link: "tp_size=2&compare=v%3D2%26tp_size%3D4", permissions: CLIPBOARD },
  async (page) => {
    await page.locator("#share").click();
    await code(page).waitFor();
    const shared = `${page.url().split("#")[0]}#v=2&tp_size=2&compare=v%3D2%26tp_size%3D4`;
    assert.equal(await page.locator("#link").inputValue(), shared);
    assert.ok((await page.locator("#share_markdown").innerText()).includes(`(${shared})`));
  },
);

scenario(
  "an undo while the dialog is open updates every form of the link",
  { permissions: CLIPBOARD },
  async (page) => {
    await enter(page, "max_batch_size", "64");
    await page.locator("#share").click();
    await eventually(async () =>
      assert.match(await page.locator("#share_markdown").innerText(), /max_batch_size=64\)/),
    );
    await page.locator("#share").press("Control+z");
    await eventually(async () =>
      assert.doesNotMatch(await page.locator("#share_markdown").innerText(), /max_batch_size/),
    );
    assert.doesNotMatch(await page.locator("#link").inputValue(), /max_batch_size/);
  },
);

for (const picture of ["SVG", "PNG"]) {
  scenario(`the QR code is saved as ${picture}`, { link: LINK, permissions: CLIPBOARD }, async (page) => {
    await page.locator("#share").click();
    const [saved] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: `save ${picture} of the QR code` }).click(),
    ]);
    assert.equal(saved.suggestedFilename(), `memory-link.${picture.toLowerCase()}`);
  });
}

scenario(
  "a link that is too long for a QR code is reported",
  {
    link: `max_attention_window=${Array.from({ length: 400 }, (_, index) => 1000 + index).join(",")}`,
    permissions: CLIPBOARD,
  },
  async (page) => {
    await page.locator("#share").click();
    await eventually(async () =>
      assert.match(await sheet(page).innerText(), /This link has \d+ bytes, too many for a code/),
    );
    assert.equal(await code(page).count(), 0);
  },
);

scenario("the dialog opens, works and closes by keyboard", { link: LINK, permissions: CLIPBOARD }, async (page) => {
  await page.locator("#share").focus();
  await page.keyboard.press("Enter");
  await code(page).waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.id), "link");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("data-copy")), "share_markdown");
  await page.keyboard.press("Escape");
  assert.equal(await sheet(page).isVisible(), false);
  assert.equal(await page.evaluate(() => document.activeElement.id), "share");
});

scenario(
  "the dialog fits on a phone, and a tap beside it closes it",
  { link: LINK, viewport: PHONE, permissions: CLIPBOARD },
  async (page) => {
    await page.locator("#share").click();
    await code(page).waitFor();
    assert.ok(await isInView(sheet(page)));
    assert.equal(await sheet(page).evaluate((element) => element.scrollWidth > element.clientWidth), false);
    await page.mouse.click(4, 4);
    assert.equal(await sheet(page).isVisible(), false);
  },
);

const refuse = () => {
  navigator.clipboard.writeText = () => Promise.reject(new DOMException("no", "NotAllowedError"));
};
const without = () => Object.defineProperty(Navigator.prototype, "clipboard", { value: undefined });

for (const [name, before] of [
  ["denies access to", refuse],
  ["lacks", without],
]) {
  scenario(`Share selects the link if the browser ${name} the clipboard`, { link: LINK, before }, async (page) => {
    await page.locator("#share").click();
    const link = page.locator("#link");
    await link.waitFor();
    assert.equal(await link.inputValue(), page.url());
    await eventually(async () => assert.equal(await page.evaluate(() => getSelection().toString()), page.url()));
    await page.getByRole("button", { name: "Close" }).click();
    assert.equal(await link.isVisible(), false);
  });
}
