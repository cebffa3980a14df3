// Searches of up to 100,000 candidates over every card: how long a person waits, from what asks to the painted answer, and how much
// of that the worker takes, from the question that it is sent to the answer that it gives. The rest is the page's own, and is the same
// however many candidates were tried.
import { open, start } from "../harness/browser.mjs";
import { line, milliseconds, spread } from "./figures.mjs";

// Models, and GPUs at most: the first has about 100,000 candidates, the others all that there are in the page's usual limits.
const SEARCHES = [
  ["mistralai/Mixtral-8x7B-v0.1", 16],
  ["meta-llama/Llama-3.1-8B", 64],
  ["meta-llama/Llama-3.3-70B-Instruct", 64],
];
const ROUNDS = 10;

// Runs before the page: notes when a worker is asked for a search, and when it has answered.
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

// Asks for every card, and then for other loads, so that nothing is known from before.
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
  // The last of these also warms up.
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
      "  of it in the worker",
      `${spread(took.map(({ worker }) => worker))}, at best ${Math.round(rate).toLocaleString("en")} candidates a ms`,
    );
    line("  of it in the page", spread(took.map(({ wait, worker }) => wait - worker)));
  }
} finally {
  await session.close();
}
