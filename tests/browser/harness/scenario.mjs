// A test on a fresh page. At the end the browser must have reported no errors except those that
// match `expects`.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { open, start } from "./browser.mjs";

let started;

after(async () => (await started)?.close());

export function scenario(name, options, steps) {
  test(name, { timeout: 60_000 }, async () => {
    started ??= start();
    const { page, context, troubles } = await open(await started, options);
    try {
      await steps(page);
      assert.deepEqual(
        troubles.filter((trouble) => !options.expects?.test(trouble)),
        [],
        "the browser reported errors",
      );
    } finally {
      await context.close();
    }
  });
}

// Repeats `check` until it passes, because a page repaints after the event that changes it.
export async function eventually(check, milliseconds = 3000) {
  const end = Date.now() + milliseconds;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((later) => setTimeout(later, 25));
    }
  }
}
