// axe checks every view, with both backends and themes, on a wide screen and a phone.
import assert from "node:assert/strict";
import { PHONE } from "./harness/browser.mjs";
import { fromPackages } from "./harness/environment.mjs";
import { scenario } from "./harness/scenario.mjs";
import { VIEWS } from "./harness/views.mjs";

const { source } = fromPackages("axe-core");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
// The rules that depend on the theme.
const OF_COLOUR = ["color-contrast", "link-in-text-block"];

async function findings(page, runOnly) {
  await page.evaluate(source);
  return page.evaluate(async (runOnly) => {
    // This rule is off by default.
    const rules = runOnly.type === "tag" ? { "target-size": { enabled: true } } : {};
    const results = await axe.run(document, { runOnly, rules, resultTypes: ["violations"] });
    return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
  }, runOnly);
}

// An open page follows the system's theme.
async function assertAccessible(page, where) {
  assert.deepEqual(await findings(page, { type: "tag", values: TAGS }), [], `${where}, light`);
  await page.emulateMedia({ colorScheme: "dark" });
  // The charts follow in the next frame, the worker's charts a little later.
  await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => setTimeout(painted, 50))));
  assert.deepEqual(await findings(page, { type: "rule", values: OF_COLOUR }), [], `${where}, dark`);
  await page.emulateMedia({ colorScheme: "light" });
}

for (const backend of ["tensorrt", "pytorch"]) {
  for (const { name, link = "", open } of VIEWS) {
    const of = `backend=${backend}${link && `&${link}`}`;
    scenario(`axe finds no violations: ${name}, ${backend}`, { link: of }, async (page) => {
      await open(page);
      await assertAccessible(page, "wide");
      await page.setViewportSize(PHONE);
      await assertAccessible(page, "on a phone");
    });
  }
}

for (const viewport of [undefined, PHONE]) {
  const name = `the Share dialog, ${viewport ? "on a phone" : "wide"}`;
  scenario(
    `axe finds no violations: ${name}`,
    { link: "tp_size=2", permissions: ["clipboard-write"], viewport },
    async (page) => {
      await page.locator("#share").click();
      await page.locator("#share_code svg").waitFor();
      await assertAccessible(page, "shared");
    },
  );
}

for (const viewport of [{ width: 720, height: 320 }, PHONE]) {
  for (const link of ["", "tp_size=3&no_such_key=1"]) {
    const name = `${link ? "with messages" : "without messages"}, ${viewport.width} pixels wide`;
    scenario(`axe finds no violations: in a frame, ${name}`, { query: "?embed=1", link, viewport }, (page) =>
      assertAccessible(page, "in a frame"),
    );
  }
}

const stopped = () => {
  WebAssembly.instantiateStreaming = WebAssembly.instantiate = () => Promise.reject(new Error("out of memory"));
};

for (const viewport of [undefined, PHONE]) {
  scenario(
    `axe finds no violations: the failure page, ${viewport ? "on a phone" : "wide"}`,
    { fail: true, before: stopped, viewport },
    async (page) => {
      await page.locator("#failure").waitFor();
      await assertAccessible(page, "failed");
    },
  );
}
