// Searches of up to 100,000 candidates over all GPUs. The first figure is the time from an input to
// the painted answer, the second is the worker's part, from request to response. The rest is the
// page's part, which does not depend on the number of candidates.
import { open, start } from "../harness/browser.mjs";
import { line, milliseconds, spread } from "./figures.mjs";

// A model and the maximum number of GPUs. The first search has about 100,000 candidates, the others
// have all candidates within the page's usual limits.
const SEARCHES = [
  ["mistralai/Mixtral-8x7B-v0.1", 16],
  ["meta-llama/Llama-3.1-8B", 64],
  ["meta-llama/Llama-3.3-70B-Instruct", 64],
];
const ROUNDS = 10;

// Runs before the page's scripts. Records when a worker gets a search request, and when it
// responds.
const note = () => {
  window.Worker = class extends window.Worker {
    constructor(...program) {
      super(...program);
      this.addEventListener("message", ({ data }) => {
        if (data.startsWith(this.channel)) window.answered = performance.now();
      });
    }
    postMessage(said) {
      if (typeof said === "string" && said.includes("panel=search&")) {
        this.channel = said.slice(0, said.indexOf("\n") + 1);
        window.asked = performance.now();
      }
      super.postMessage(said);
    }
  };
};

// Searches over all GPUs, and then with other loads, so that no result is cached.
const measure = async ([most, rounds]) => {
  const panel = document.querySelector("#search .panel");
  const answer = () => panel.querySelector(".answer")?.textContent ?? "";
  const change = async (act) => {
    const before = answer();
    const painted = new Promise((done) => {
      const observer = new MutationObserver(() => {
        if (answer() === before) return;
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(done));
      });
      observer.observe(panel, { childList: true, subtree: true });
    });
    const start = performance.now();
    act();
    await painted;
    return { wait: performance.now() - start, worker: window.answered - window.asked };
  };
  const enter = (name, value) => {
    const control = panel.querySelector(`input[name="${name}"]`);
    control.value = String(value);
    control.dispatchEvent(new Event("change", { bubbles: true }));
  };
  // The last of these is also the warm-up.
  if (most !== 64) await change(() => enter("most_gpus", most));
  await change(() => panel.querySelector('[data-ask][aria-label="all GPUs"]').click());
  await change(() => enter("concurrency", 39));
  const took = [];
  for (let round = 0; round < rounds; round += 1) took.push(await change(() => enter("concurrency", 40 + round)));
  return {
    took,
    tried: Number(
      answer()
        .match(/of ([\d,]+)/)[1]
        .replaceAll(",", ""),
    ),
  };
};

const session = await start();
try {
  for (const [model, most] of SEARCHES) {
    const { page, context } = await open(session, { link: `model=${model}`, before: note });
    await page.locator("#tab_search").click();
    await page.locator("#search .answer").waitFor();
    const { took, tried } = await page.evaluate(measure, [most, ROUNDS]);
    await context.close();
    const name = `${model}, ${tried.toLocaleString("en")} candidates`;
    line(name, `${spread(took.map(({ wait }) => wait))} (goal 200 ms for 100,000)`);
    const rate = tried / Math.min(...took.map(({ worker }) => worker));
    line(
      "  in the worker",
      `${spread(took.map(({ worker }) => worker))}, at best ${Math.round(rate).toLocaleString("en")} candidates per ms`,
    );
    line("  in the page", spread(took.map(({ wait, worker }) => wait - worker)));
  }
} finally {
  await session.close();
}
