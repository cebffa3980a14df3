// A search over every card, from the click on its tab to the painted answer, and what of it the search itself takes.
import { open, start } from "../harness/browser.mjs";
import { line, milliseconds } from "./figures.mjs";

const MODELS = ["meta-llama/Llama-3.1-8B", "meta-llama/Llama-3.3-70B-Instruct", "mistralai/Mixtral-8x7B-v0.1"];
const ROUNDS = 5;

// Asks for every card, and then for another load, so that nothing is known from before; returns the time until each answer is painted.
const measure = async (rounds) => {
  const panel = document.querySelector("#search .panel");
  const answer = () => panel.querySelector(".answer")?.textContent ?? "";
  const changed = (before) =>
    new Promise((done) => {
      const observer = new MutationObserver(() => {
        if (answer() === before) return;
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(done));
      });
      observer.observe(panel, { childList: true, subtree: true });
    });
  const before = answer();
  panel.querySelector('[data-ask][aria-label="all GPUs"]').click();
  await changed(before);
  const times = [];
  for (let round = 0; round < rounds; round += 1) {
    const before = answer();
    const concurrency = panel.querySelector('input[name="concurrency"]');
    concurrency.value = String(40 + round);
    const start = performance.now();
    concurrency.dispatchEvent(new Event("change", { bubbles: true }));
    await changed(before);
    times.push(performance.now() - start);
  }
  return { times, tried: Number(answer().match(/of ([\d,]+)/)[1].replaceAll(",", "")) };
};

const session = await start();
try {
  for (const model of MODELS) {
    const { page, context } = await open(session, { link: `model=${model}` });
    await page.locator("#tab_search").click();
    await page.locator("#search .answer").waitFor();
    const { times, tried } = await page.evaluate(measure, ROUNDS);
    await context.close();
    const best = Math.min(...times);
    line(
      `${model}, ${tried.toLocaleString("en")} candidates`,
      `best ${milliseconds(best)}, ${milliseconds((best / tried) * 1e5)} for 100,000 (goal 200 ms), ${Math.round((tried / best) * 1000).toLocaleString("en")} a second`,
    );
  }
} finally {
  await session.close();
}
