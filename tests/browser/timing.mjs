// Measures, in the page itself, how long an input takes to reach the eye: 200 positions of a slider, as while dragging.
import { open, start } from "./harness/browser.mjs";

const INPUTS = 200;

const measure = async (inputs) => {
  const slider = document.querySelector("#max_batch_size_slider");
  const chart = document.querySelector("#chart");
  const setValue = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
  const frame = () => new Promise((painted) => requestAnimationFrame(() => setTimeout(painted)));
  const [low, high] = [Number(slider.min || 0), Number(slider.max || 100)];
  const bytes = () => document.querySelector('[data-contributor="kv_cache"]').dataset.bytes;
  const updated = [];
  const painted = [];
  for (let index = 0; index < inputs; index += 1) {
    await frame();
    const before = bytes();
    setValue.call(slider, String(low + ((high - low) * ((index * 37) % inputs)) / inputs));
    const start = performance.now();
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    // The page updates itself in microtasks, of which a few hundred are plenty.
    for (let turns = 0; bytes() === before && turns < 500; turns += 1) await undefined;
    chart.getBoundingClientRect();
    const done = performance.now() - start;
    await frame();
    if (bytes() === before) continue;
    updated.push(done);
    painted.push(performance.now() - start);
  }
  return { updated, painted };
};

const quantile = (times, share) =>
  times.toSorted((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * share))].toFixed(1);
const row = (name, times) => `${name}  median ${quantile(times, 0.5)} ms  p99 ${quantile(times, 0.99)} ms`;

const session = await start();
try {
  const { page } = await open(session);
  const { updated, painted } = await page.evaluate(measure, INPUTS);
  console.log(`${INPUTS} slider inputs, of which ${updated.length} changed the KV cache's figure`);
  console.log(row("event to updated and laid out page", updated));
  console.log(row("event to painted frame (60 a second)", painted));
} finally {
  await session.close();
}
