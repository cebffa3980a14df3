// axe looks at every view, of both backends, in both themes, wide and on a phone.
import assert from "node:assert/strict";
import { PHONE } from "./harness/browser.mjs";
import { fromPackages } from "./harness/environment.mjs";
import { scenario } from "./harness/scenario.mjs";
import { VIEWS } from "./harness/views.mjs";

const { source } = fromPackages("axe-core");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

async function findings(page) {
  await page.evaluate(source);
  return page.evaluate(async (values) => {
    // Off unless it is named.
    const rules = { "target-size": { enabled: true } };
    const results = await axe.run(document, { runOnly: { type: "tag", values }, rules, resultTypes: ["violations"] });
    return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
  }, TAGS);
}

// The page follows the system's colours while it is open.
async function assertAccessible(page, where) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    // What fades must have arrived.
    await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
    await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {}))));
    assert.deepEqual(await findings(page), [], `${where}, ${colorScheme}`);
  }
}

for (const backend of ["tensorrt", "pytorch"]) {
  for (const { name, link = "", open } of VIEWS) {
    const of = `backend=${backend}${link && `&${link}`}`;
    scenario(`axe finds nothing: ${name}, ${backend}`, { link: of }, async (page) => {
      await open(page);
      await assertAccessible(page, "wide");
      await page.setViewportSize(PHONE);
      await assertAccessible(page, "on a phone");
    });
  }
}
