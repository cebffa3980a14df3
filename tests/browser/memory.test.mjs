// Memory that the page must release.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { open, start } from "./harness/browser.mjs";
import { meter } from "./harness/memory.mjs";
import { tab } from "./harness/views.mjs";

const started = start();
after(async () => (await started).close());

// More pictures than the browser itself caches.
const WARM = 30;
const MORE = 60;

test("a saved picture is released", { timeout: 120_000 }, async () => {
  // Files are only counted, in `saved`, and not written to disk.
  const countSaves = () => {
    globalThis.saved = 0;
    HTMLAnchorElement.prototype.click = function () {
      if (this.href.startsWith("data:image/png") && this.download) globalThis.saved += 1;
    };
  };
  const { page, context, troubles } = await open(await started, { before: countSaves });
  try {
    await tab(page, "export");
    const held = await meter(page, context);
    let numbered = 0;
    // Each picture differs from the previous ones, as after a change of the deployment.
    const save = async (count) => {
      await page.evaluate(async ([count, first]) => {
        const button = document.querySelector('#export [data-save$=".png"]');
        const label = document.getElementById(button.dataset.from).querySelector("svg text");
        for (let number = first; number < first + count; number += 1) {
          label.textContent = `picture ${number}`;
          const before = globalThis.saved;
          button.click();
          while (globalThis.saved === before) await new Promise((later) => setTimeout(later, 5));
        }
      }, [count, numbered]);
      numbered += count;
      await page.waitForTimeout(500);
      return held();
    };
    const warm = await save(WARM);
    const end = await save(MORE);
    assert.equal(await page.evaluate(() => globalThis.saved), WARM + MORE);
    // The browser treats each picture as a document with hundreds of nodes. A few may be cached.
    const [grown, most] = [end.kept - warm.kept, 10 * MORE];
    assert.ok(grown <= most, `${grown} nodes are retained after ${MORE} pictures`);
    assert.equal(end.listeners, warm.listeners);
    assert.deepEqual(troubles, []);
  } finally {
    await context.close();
  }
});
