// Ten thousand random interactions. TRTLLM_MEMORY_SEED sets their seed, to repeat a run.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { DESKTOP, open, PHONE, start } from "./harness/browser.mjs";
import { meter } from "./harness/memory.mjs";
import { eventually } from "./harness/scenario.mjs";

const SEED = Number(process.env.TRTLLM_MEMORY_SEED ?? 1);
const COUNT = 10_000;
// After this many interactions every tab was open, and every bounded list is full.
const WARM = 2_000;
const BATCH = 100;
const WINDOWS = [DESKTOP, PHONE, { width: 800, height: 600 }, { width: 1920, height: 1080 }];

const fixture = (path) => readFileSync(new URL(`../fixtures/${path}`, import.meta.url), "utf8");
const texts = [
  ...["documentation", "pytorch-oom", "ranks"].map((name) => fixture(`logs/${name}.log`)),
  ...fixture("configs/families.jsonl")
    .trim()
    .split("\n")
    .map((line) => line.slice(line.indexOf('"config": ') + 10, -1)),
  "{", "[]", "nothing of use", '{"model_type": "llama", "hidden_size": -1}', "\u0000\u0001\u0002", "",
];

// Runs in the page, so that the interactions need no messages of their own.
const act = async ({ seed, count, texts }) => {
  let state = seed >>> 0;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const below = (end) => Math.floor(random() * end);
  const one = (list) => list[below(list.length)];
  const all = (selector) =>
    [...document.querySelectorAll(selector)].filter((element) => element.checkVisibility() && !element.disabled);
  const NUMBERS = [
    "1", "2", "4", "8", "16", "64", "100", "1024", "4096", "1e3", "0", "-1", "0.5", "0.95", "1.2", "", "abc", "1,024",
    "64K", "99999999999999999999", "18446744073709551615", "NaN", "٣", "<b>", " 7 ", "true", "\u202e8",
  ];
  const NAMES = [
    "llama", "qwen3-32", "meta-llama/Llama-3.1-8B", "deepseek-ai/DeepSeek-V3", "no such model", "<script>", "mixtral",
    "h200", "tp2",
  ];
  const LINKS = [
    "", "tp_size=2", "backend=pytorch&model=deepseek-ai/DeepSeek-V3&tp_size=8&gpu=b200", "tp_size=3&nonsense=%",
    "model=meta-llama/Llama-3.3-70B-Instruct&compare=v%3D1", "v=99&=&&&", "model=custom&m.layers=7", "%00%ff",
    "model=google/gemma-2-2b&pp_size=2", "v=1",
    "v=1&model=openai/gpt-oss-120b&compare=v%3D1",
    "v=2&model=openai/whisper-large-v3", "model=nvidia/DeepSeek-R1-FP4&gpu=b200&tp_size=8",
  ];
  const KEYS = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Enter", " ", "Escape", "Home", "End", "Tab"];
  const fire = (target, type, Kind = Event, more = {}) =>
    target.dispatchEvent(new Kind(type, { bubbles: true, cancelable: true, composed: true, ...more }));
  const change = (input, value) => {
    // Sets the value as typing does, without the page's own properties.
    const prototype =
      input instanceof HTMLTextAreaElement
        ? HTMLTextAreaElement
        : input instanceof HTMLSelectElement
          ? HTMLSelectElement
          : HTMLInputElement;
    Object.getOwnPropertyDescriptor(prototype.prototype, "value").set.call(input, value);
    fire(input, "input", InputEvent);
  };
  const click = (element) => {
    fire(element, "pointerdown", PointerEvent);
    element.focus?.();
    fire(element, "pointerup", PointerEvent);
    fire(element, "click", MouseEvent);
  };
  const file = (text) => new File([text], one(["config.json", "server.log", "<b>.txt"]));
  const carry = (text) => {
    const data = new DataTransfer();
    data.items.add(file(text));
    return data;
  };
  const CLICKABLE =
    "button:not([data-save]), summary, label, [role=tab], [role=option], [data-segment], .chart-boxes > *";
  const kinds = [
    // Links leave the page. Saving would fill a disk, and memory.test.mjs tests it.
    [30, () => click(one(all(CLICKABLE)))],
    [20, () => {
      const input = one(all("input[type=text]:not([readonly])"));
      // On a phone another screen may be open.
      if (!input) return;
      input.focus();
      change(input, one(random() < 0.7 ? NUMBERS : NAMES));
      if (random() < 0.7) fire(input, "change");
      if (random() < 0.7) input.blur();
    }],
    [15, () => {
      const slider = one(all("input[type=range]"));
      if (!slider) return;
      fire(slider, "pointerdown", PointerEvent);
      for (let moves = 1 + below(4); moves > 0; moves -= 1)
        change(slider, String(Number(slider.min) + below(Number(slider.max) - Number(slider.min) + 1)));
      fire(slider, "pointerup", PointerEvent);
      fire(slider, "change");
    }],
    [12, () => {
      const select = one(all("select"));
      if (!select) return;
      change(select, one([...select.options]).value);
      fire(select, "change");
    }],
    [6, () => one(all("input[type=checkbox], input[type=radio]"))?.click()],
    [8, () => {
      const focused = one(all("button, input, select, summary, [tabindex]"));
      focused.focus();
      for (let presses = 1 + below(3); presses > 0; presses -= 1)
        fire(document.activeElement, "keydown", KeyboardEvent, { key: one(KEYS) });
    }],
    [4, () => {
      const keys = { key: one(["z", "Z", "y"]), ctrlKey: true, shiftKey: random() < 0.4 };
      fire(document.body, "keydown", KeyboardEvent, keys);
    }],
    [6, () => {
      const pointed = one(all("[data-segment], .chart-boxes > *, tr[data-contributor], [data-tip], .q"));
      if (!pointed) return;
      fire(pointed, "pointerover", PointerEvent);
      if (random() < 0.5) fire(pointed.parentElement, "pointerleave", PointerEvent, { bubbles: false });
    }],
    [4, () => {
      if (!all("#file textarea").length) return document.querySelector("#tab_file").click();
      const [way, text] = [random(), one(texts)];
      if (way < 0.6) return change(document.querySelector("#file textarea"), text);
      if (way < 0.8)
        return fire(document.querySelector("#file .entry"), "drop", DragEvent, { dataTransfer: carry(text) });
      const chooser = document.querySelector('#file input[type="file"]');
      chooser.files = carry(text).files;
      fire(chooser, "change");
    }],
    [1, () => {
      location.hash = one(LINKS);
    }],
    // The entry before the first is not a page of the calculator.
    [1, () => (random() < 0.5 ? navigation.canGoBack && history.back() : history.forward())],
    [1, () => scrollTo(0, below(document.documentElement.scrollHeight))],
  ];
  const whole = kinds.reduce((sum, [weight]) => sum + weight, 0);
  const trail = [];
  for (let done = 0; done < count; done += 1) {
    let at = random() * whole;
    const kind = kinds.findIndex(([weight]) => (at -= weight) < 0);
    trail.push(kind);
    kinds[kind][1]();
    // Lets queued work run, and sometimes a frame be painted.
    await new Promise((later) => (done % 5 === 0 ? requestAnimationFrame(later) : setTimeout(later)));
    if (!document.getElementById("failure").hidden) {
      return { failed: document.getElementById("failure-reason").textContent, trail, state: state >>> 0 };
    }
  }
  return { state: state >>> 0 };
};

// Keeps a reference to the program's memory, to measure its size.
const keep = () => {
  const instantiate = WebAssembly.instantiateStreaming;
  WebAssembly.instantiateStreaming = async (...given) => {
    const made = await instantiate.apply(WebAssembly, given);
    globalThis.programMemory = Object.values(made.instance.exports).find(
      (given) => given instanceof WebAssembly.Memory,
    );
    return made;
  };
};

let started;
after(async () => (await started)?.close());

test(`${COUNT} random interactions, seed ${SEED}`, { timeout: 600_000 }, async () => {
  started ??= start();
  const session = await started;
  const { page, context, troubles } = await open(session, { before: keep });
  const held = await meter(page, context);
  const size = async () => {
    await page.setViewportSize(DESKTOP);
    await page.evaluate(async () => {
      // Folded settings, those of a custom model, and panels are created when first shown.
      for (const details of document.querySelectorAll(".inputs .advanced")) details.open = true;
      location.hash = "model=custom&m.layers=7";
      await new Promise((later) => setTimeout(later, 500));
      location.hash = "";
      for (const tab of [...document.querySelectorAll("[role=tab]"), document.querySelector("#tab_why")]) {
        tab.click();
        await new Promise((later) => setTimeout(later));
      }
      document.activeElement?.blur();
      // The browser has a node for each line of a pasted log.
      const pasted = document.querySelector("#file textarea");
      if (pasted) pasted.value = "";
    });
    // Waits for the last answers, the undo step and the announcement.
    await page.waitForTimeout(2500);
    return { ...(await held()), program: await page.evaluate(() => programMemory.buffer.byteLength) };
  };
  let [seed, warm] = [SEED, undefined];
  for (let done = 0; done < COUNT; done += BATCH) {
    await page.setViewportSize(WINDOWS[(done / BATCH) % WINDOWS.length]);
    if (done % (5 * BATCH) === 0) await page.emulateMedia({ colorScheme: (done / BATCH) % 2 ? "dark" : "light" });
    const { state, failed, trail } = await page.evaluate(act, { seed, count: BATCH, texts });
    assert.equal(failed, undefined, `the page failed after ${done} interactions and ${trail}`);
    assert.deepEqual(troubles, [], `the browser reported errors after ${done + BATCH} interactions`);
    seed = state;
    if (done + BATCH === WARM) warm = await size();
  }
  const end = await size();
  console.log(`      (after ${WARM}: ${JSON.stringify(warm)}, after ${COUNT}: ${JSON.stringify(end)})`);
  // Nodes and listeners are counted exactly. One that stayed for each of a hundred interactions
  // would exceed the limits.
  const most = { heap: 32 * (COUNT - WARM), kept: 50, listeners: 10, program: 2 ** 20 };
  for (const [what, more] of Object.entries(most)) {
    assert.ok(end[what] <= warm[what] + more, `${what} grew from ${warm[what]} to ${end[what]}`);
  }
  // The page still works.
  await page.locator("#max_batch_size").fill("64");
  await eventually(async () => assert.match(await page.evaluate(() => location.hash), /max_batch_size=64/));
  await context.close();
});
