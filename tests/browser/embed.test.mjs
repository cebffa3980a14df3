import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { DESKTOP, PHONE, start } from "./harness/browser.mjs";
import { agrees, control, enter, figures, linked, row } from "./harness/calculator.mjs";
import { eventually } from "./harness/scenario.mjs";

const SOURCE = { source: "trtllm-memory", v: 1 };
const LINK = "v=2&model=Qwen/Qwen3-32B&tp_size=2&max_batch_size=64";

// The calculator's site, and a host of another origin that serves the pages of these tests.
const pages = new Map();
let started;

async function starting() {
  const server = createServer((request, response) => {
    const { body, headers } = pages.get(new URL(request.url, "http://host").pathname) ?? {};
    if (body === undefined) response.writeHead(404, { "content-type": "text/plain" }).end("not found");
    else response.writeHead(200, { "content-type": "text/html; charset=utf-8", ...headers }).end(body);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const calculator = await start();
  const host = `http://127.0.0.1:${server.address().port}`;
  const close = async () => {
    await calculator.close();
    server.close();
  };
  return { ...calculator, host, close };
}

after(async () => (await started)?.close());

// Returns the markup of a calculator frame, as in documentation.
const iframe = (site, options = "", link = LINK, more = "") => {
  const query = options && `&amp;${options.replaceAll("&", "&amp;")}`;
  const fragment = link && `#${link.replaceAll("&", "&amp;")}`;
  const attributes = [
    'class="trtllm-memory"',
    `src="${site}index.html?embed=1${query}${fragment}"`,
    'title="memory"',
    'style="width: 100%; min-height: 320px; border: 0"',
    more,
  ];
  return `<iframe ${attributes.join(" ")}></iframe>`;
};

const script = (site) => `<script src="${site}embed.js" defer></script>`;

const document = (head, body, attributes = "") =>
  `<!doctype html><html lang="en"${attributes}><head><meta charset="utf-8"><link rel="icon" href="data:,">` +
  `<title>Docs</title>${head}</head><body>${body}</body></html>`;

// A test on a page of another host, or of the calculator's host with `sameOrigin`. `page` returns
// its markup for the calculator's address.
function scenario(name, options, steps) {
  const {
    page: write,
    headers,
    sameOrigin,
    viewport = DESKTOP,
    colorScheme = "light",
    scripts = true,
    before,
    permissions = [],
    complains = false,
  } = options;
  test(name, { timeout: 60_000 }, async () => {
    started ??= starting();
    const { site, browser, host } = await started;
    const context = await browser.newContext({ viewport, colorScheme, javaScriptEnabled: scripts, permissions });
    try {
      const page = await context.newPage();
      if (before) await page.addInitScript(before);
      page.setDefaultTimeout(10_000);
      const troubles = [];
      page.on("console", (message) => message.type() === "error" && troubles.push(`error: ${message.text()}`));
      page.on("pageerror", (error) => troubles.push(`exception: ${error.message}`));
      let address = `${host}/docs/page.html`;
      const body = write?.(site.address);
      if (sameOrigin) {
        address = `${site.origin}/docs/page.html`;
        await page.route(address, (route) => route.fulfill({ body, contentType: "text/html; charset=utf-8", headers }));
      } else pages.set("/docs/page.html", { body, headers });
      if (write) await page.goto(address);
      await steps(page, { site: site.address, host, context });
      if (!complains) assert.deepEqual(troubles, [], "the browser reported errors");
    } finally {
      await context.close();
    }
  });
}

// Returns the calculator in the page's frame of this number, after its first picture.
async function inside(page, number = 0) {
  const frame = await eventually(async () => {
    const frames = page.frames().filter((frame) => frame.url().includes("index.html?embed=1"));
    assert.ok(frames.length > number, `${frames.length} frames`);
    return frames[number];
  }, 10_000);
  await frame.locator('#app[data-ready="true"]').waitFor({ state: "attached" });
  return frame;
}

// Asserts that the frame is exactly as high as its content and does not scroll.
async function fits(page, frame) {
  const element = await frame.frameElement();
  await eventually(async () => {
    const outside = await element.evaluate((frame) => [frame.clientWidth, frame.clientHeight]);
    const content = await frame.evaluate(() => {
      const { scrollWidth, scrollHeight } = window.document.documentElement;
      return [scrollWidth, scrollHeight, Math.ceil(window.document.body.getBoundingClientRect().height)];
    });
    assert.deepEqual(content, [outside[0], outside[1], outside[1]], `${frame.url()}: content and frame`);
  });
}

const theme = (frame) =>
  frame.evaluate(() => [
    window.document.documentElement.dataset.theme,
    getComputedStyle(window.document.querySelector(".embedded")).backgroundColor,
  ]);
const LIGHT = ["light", "rgb(251, 251, 250)"];
const DARK = ["dark", "rgb(19, 20, 22)"];

// The chosen unit of the table.
const unit = (frame) => frame.locator("#units input:checked").inputValue();

// Three frames on one page.
const THREE = [
  ["show=chart&theme=dark", "v=2&tp_size=4"],
  ["show=chart,table&units=GB&theme=light", LINK],
  ["knobs=tp_size,quant_algo,gpu", "v=2&gpu=l4"],
];

for (const sameOrigin of [false, true]) {
  const where = sameOrigin ? "the same origin" : "another origin";
  scenario(
    `three frames on a page of ${where} have their own configuration, theme and height`,
    {
      sameOrigin,
      page: (site) =>
        document(script(site), THREE.map(([options, link]) => `<p>Text.</p>${iframe(site, options, link)}`).join("")),
    },
    async (page) => {
      for (const [number, [, link]] of THREE.entries()) {
        const frame = await inside(page, number);
        await fits(page, frame);
        await agrees(frame, link);
      }
      assert.deepEqual(await theme(await inside(page, 0)), DARK);
      assert.deepEqual(await theme(await inside(page, 1)), LIGHT);
      assert.deepEqual(await theme(await inside(page, 2)), LIGHT);
      await enter(await inside(page, 2), "tp_size", "2");
      await agrees(await inside(page, 2), "v=2&gpu=l4&tp_size=2");
      await agrees(await inside(page, 0), THREE[0][1]);
    },
  );
}

const agreesIfShown = (frame, options) => (options === "show=verdict" ? undefined : agrees(frame, LINK));

for (const viewport of [DESKTOP, PHONE]) {
  for (const options of [
    "",
    "show=chart",
    "show=verdict",
    "show=chart,table,knobs&knobs=model,gpu,tp_size,quant_algo",
    "show=everything",
    "show=everything&readonly=1",
  ]) {
    scenario(
      `a frame is as high as its content, ${viewport.width} px wide: ${options || "default options"}`,
      {
        viewport,
        page: (site) => document(script(site), iframe(site, options)),
      },
      async (page) => {
        const frame = await inside(page);
        await fits(page, frame);
        await agreesIfShown(frame, options);
        const heights = await page.evaluate(async () => {
          const heights = [];
          addEventListener("message", ({ data }) => data.event === "height" && heights.push(data.height));
          await new Promise((later) => setTimeout(later, 400));
          return heights;
        });
        assert.ok(heights.length < 2, `the height keeps changing: ${heights}`);
        // A frame that is much too high or low recovers, because nothing in it depends on the
        // window's height.
        for (const wrong of ["3000px", "150px"]) {
          await page.evaluate((wrong) => (window.document.querySelector("iframe").style.height = wrong), wrong);
          const content = await frame.evaluate(() => Math.ceil(window.document.body.getBoundingClientRect().height));
          await page.evaluate(() =>
            window.frames[0].postMessage({ source: "trtllm-memory", v: 1, ask: "configuration" }, "*"),
          );
          await eventually(async () =>
            assert.equal(await page.evaluate(() => window.document.querySelector("iframe").clientHeight), content),
          );
        }
      },
    );
  }
}

scenario(
  "opening a list makes the frame higher, and closing it makes it lower again",
  {
    page: (site) => document(script(site), iframe(site, "show=verdict,knobs&knobs=model")),
  },
  async (page) => {
    const frame = await inside(page);
    await fits(page, frame);
    const height = () => page.evaluate(() => window.document.querySelector("iframe").clientHeight);
    const closed = await height();
    await control(frame, "model").click();
    await eventually(async () => assert.ok((await height()) > closed + 100, `${await height()} after ${closed}`));
    await fits(page, frame);
    await control(frame, "model").press("Escape");
    await eventually(async () => assert.equal(await height(), closed));
  },
);

scenario(
  "a frame keeps its height and scrolls if the host page has no script",
  {
    page: (site) => document("", iframe(site, "show=chart,table")),
  },
  async (page) => {
    const frame = await inside(page);
    await agrees(frame, LINK);
    assert.equal(await page.evaluate(() => window.document.querySelector("iframe").clientHeight), 320);
    assert.ok(await frame.evaluate(() => window.document.documentElement.scrollHeight > 320));
  },
);

scenario(
  "without scripts the frame shows a notice with a link and keeps its height",
  {
    scripts: false,
    page: (site) => document(script(site), iframe(site)),
  },
  async (page) => {
    const frame = page.frameLocator("iframe");
    const notice = frame.locator("noscript .notice");
    assert.match(await notice.innerText(), /needs JavaScript/);
    const link = notice.getByRole("link");
    assert.equal(await link.getAttribute("target"), "_blank");
    assert.equal(await link.getAttribute("href"), "index.html");
    const { y, height } = await link.boundingBox();
    assert.ok(y >= 0 && y + height <= 320, `the link is out of sight, at ${y}`);
    assert.equal((await page.locator("iframe").boundingBox()).height, 320);
  },
);

scenario(
  "without WebAssembly the frame shows a message and a link to the configuration",
  {
    before: () => delete globalThis.WebAssembly,
    page: (site) => document(script(site), iframe(site)),
  },
  async (page, { site }) => {
    const failure = page.frameLocator("iframe").locator("#failure");
    await failure.waitFor();
    assert.match(await failure.innerText(), /WebAssembly/);
    const link = failure.getByRole("link", { name: "its own page" });
    assert.equal(await link.getAttribute("target"), "_blank");
    assert.equal(await link.evaluate((link) => link.href), `${site}index.html#${LINK}`);
    await fits(page, page.frames()[1]);
  },
);

// The themes of documentation tools: the element, its attribute, and its values for dark, for light
// and for the system's theme.
const SWITCHES = {
  "Sphinx's pydata theme": ["documentElement", "data-theme", ["dark"], ["light"], null],
  Furo: ["body", "data-theme", ["dark"], ["light"], "auto"],
  "MkDocs Material": ["body", "data-md-color-scheme", ["slate"], ["default"], null],
  mdBook: ["documentElement", "class", ["coal js", "navy", "ayu sidebar-visible"], ["light", "rust js"], null],
  Docusaurus: ["documentElement", "data-theme", ["dark"], ["light"], null],
};

for (const [tool, [place, attribute, dark, light, following]] of Object.entries(SWITCHES)) {
  scenario(
    `a frame follows the theme of ${tool}`,
    { page: (site) => document(script(site), iframe(site)) },
    async (page) => {
      const frame = await inside(page);
      const set = (value) =>
        page.evaluate(
          ([place, attribute, value]) => {
            if (value === null) window.document[place].removeAttribute(attribute);
            else window.document[place].setAttribute(attribute, value);
          },
          [place, attribute, value],
        );
      const is = (expected) =>
        eventually(async () => {
          assert.deepEqual(await theme(frame), expected);
          const scheme = await page.evaluate(
            () => getComputedStyle(window.document.querySelector("iframe")).colorScheme,
          );
          assert.equal(scheme, expected[0], "a frame of another scheme would not be transparent");
        });
      await is(LIGHT);
      for (const value of dark) {
        await set(value);
        await is(DARK);
        await set(light[0]);
        await is(LIGHT);
      }
      for (const value of light) {
        await page.emulateMedia({ colorScheme: "dark" });
        await set(value);
        await is(LIGHT);
      }
      await set(following);
      await is(DARK);
      await page.emulateMedia({ colorScheme: "light" });
      await is(LIGHT);
    },
  );
}

scenario(
  "the chart's colours follow the theme too, and the frame's background is transparent",
  {
    page: (site) => document(script(site), iframe(site), ' data-theme="dark"'),
  },
  async (page) => {
    const frame = await inside(page);
    const colours = () =>
      frame.evaluate(() =>
        [...window.document.querySelectorAll("#chart .picture rect")]
          .map((rect) => rect.getAttribute("fill"))
          .join(),
      );
    await eventually(async () => assert.deepEqual(await theme(frame), DARK));
    const dark = await colours();
    await page.evaluate(() => (window.document.documentElement.dataset.theme = "light"));
    await eventually(async () => assert.notEqual(await colours(), dark));
    assert.equal(
      await frame.evaluate(() => getComputedStyle(window.document.documentElement).backgroundColor),
      "rgba(0, 0, 0, 0)",
    );
  },
);

scenario(
  "a theme chosen on the calculator's own page does not apply to frames",
  {
    sameOrigin: true,
    page: (site) => document(script(site), iframe(site)),
    before: () => localStorage.setItem("theme", "dark"),
  },
  async (page) => eventually(async () => assert.deepEqual(await theme(await inside(page)), LIGHT)),
);

// Messages.

// Records the host page's events about configurations.
const recorder = `<script>
  const heard = [];
  addEventListener("configurationchange", ({ target, detail }) => {
    heard.push([target.id, detail.configuration, detail.title]);
  });
</script>`;

const heard = (page) => page.evaluate(() => heard.map(([, configuration]) => configuration));

scenario(
  "the host page reads and sets the configuration",
  {
    page: (site) => document(script(site) + recorder, iframe(site, "", LINK, 'id="frame"')),
  },
  async (page) => {
    const frame = await inside(page);
    await eventually(async () => assert.deepEqual(await heard(page), [LINK]));
    const steps = await page.evaluate(() => history.length);
    await page.evaluate(() =>
      window.document
        .getElementById("frame")
        .contentWindow.postMessage(
          { source: "trtllm-memory", v: 1, set: "configuration", value: "v=2&gpu=l4&tp_size=4" },
          "*",
        ),
    );
    await agrees(frame, "gpu=l4&tp_size=4");
    await enter(frame, "max_batch_size", "32");
    await eventually(async () => assert.equal((await heard(page)).at(-1), "v=2&gpu=l4&tp_size=4&max_batch_size=32"));
    const [id, , title] = await page.evaluate(() => heard.at(-1));
    assert.equal(id, "frame");
    assert.equal(title, await frame.evaluate(() => window.document.title));
    assert.equal(await page.evaluate(() => history.length), steps, "the frame adds an entry to the history");
    // The frame repeats its configuration on request.
    const before = (await heard(page)).length;
    await page.evaluate(() =>
      window.document
        .getElementById("frame")
        .contentWindow.postMessage({ source: "trtllm-memory", v: 1, ask: "configuration" }, "*"),
    );
    await eventually(async () => assert.equal((await heard(page)).length, before + 1));
  },
);

// Malformed messages.
const BAD = `[
  null, 7, "trtllm-memory", [], {},
  { v: 1, MESSAGE }, { source: "trtllm-memory", MESSAGE }, { source: "other", v: 1, MESSAGE },
  { source: "trtllm-memory", v: 2, MESSAGE }, { source: "trtllm-memory", v: "1", MESSAGE },
  { source: "trtllm-memory", v: 1, MESSAGE, more: "x".repeat(17000) },
]`;

scenario(
  "a frame accepts only well-formed messages, and only from its host page",
  {
    page: (site) => document(script(site), iframe(site) + '<iframe id="rogue" srcdoc="<p>Another.</p>"></iframe>'),
  },
  async (page) => {
    const frame = await inside(page);
    const bad = BAD.replaceAll("MESSAGE", 'set: "configuration", value: "tp_size=4"');
    const wrong =
      '[{ set: "configuration", value: 7 }, { set: "configuration" }, { set: "theme", value: "blue" }, ' +
      '{ set: "location", value: "tp_size=4" }]';
    await page.evaluate(`
    for (const message of ${bad}) frames[0].postMessage(message, "*");
    for (const message of ${wrong}) frames[0].postMessage({ source: "trtllm-memory", v: 1, ...message }, "*");
  `);
    const good = { ...SOURCE, set: "configuration", value: "tp_size=4" };
    // From a frame beside it, and from the frame itself.
    await page
      .frames()
      .at(-1)
      .evaluate((good) => parent.frames[0].postMessage(good, "*"), good);
    await frame.evaluate((good) => postMessage(good, "*"), good);
    await page.evaluate((good) => window.frames[0].postMessage({ ...good, value: "v=2&gpu=l4" }, "*"), good);
    await agrees(frame, "gpu=l4");
    assert.equal(await frame.evaluate(() => window.document.documentElement.dataset.theme), "light");
  },
);

scenario(
  "a host page accepts only well-formed messages, and only from its own frames",
  {
    page: (site) =>
      document(
        script(site) + recorder,
        iframe(site, "", LINK, 'id="frame"') +
          iframe(site, "", LINK, 'id="moved"') +
          '<iframe id="rogue" srcdoc="<p>Another.</p>"></iframe>',
      ),
  },
  async (page, { host }) => {
    const frame = await inside(page);
    await fits(page, frame);
    await inside(page, 1);
    pages.set("/docs/rogue.html", { body: document("", "<p>Another.</p>") });
    // The second frame navigates away, but its element keeps the address.
    await page.evaluate(
      (address) => (window.document.getElementById("moved").contentWindow.location.href = address),
      `${host}/docs/rogue.html`,
    );
    const moved = await eventually(() => {
      const moved = page.frames().find((frame) => frame.url().endsWith("rogue.html"));
      assert.ok(moved);
      return moved;
    });
    const heights = () =>
      page.evaluate(() => ["frame", "moved", "rogue"].map((id) => window.document.getElementById(id).style.height));
    const say = (frame, message) => frame.evaluate((message) => parent.postMessage(message, "*"), message);
    const last = async (mark) => {
      await say(frame, { ...SOURCE, event: "configuration", configuration: mark, title: "" });
      await eventually(async () => assert.equal((await heard(page)).at(-1), mark));
    };
    await last("start");
    await say(frame, { ...SOURCE, event: "height", height: 432.4 });
    await last("good");
    const before = await heights();
    assert.equal(before[0], "432px");
    for (const other of [moved, page.frames().at(-1), page.mainFrame()]) {
      await say(other, { ...SOURCE, event: "height", height: 777 });
      await say(other, { ...SOURCE, event: "configuration", configuration: "rogue", title: "rogue" });
    }
    const bad = BAD.replaceAll("MESSAGE", 'event: "height", height: 777');
    await frame.evaluate(`for (const message of ${bad}) parent.postMessage(message, "*")`);
    for (const height of ["777", null, NaN, Infinity, { valueOf: 777 }])
      await say(frame, { ...SOURCE, event: "height", height });
    await say(frame, { ...SOURCE, event: "configuration", configuration: 7, title: "rogue" });
    await say(frame, { ...SOURCE, event: "configuration", configuration: "rogue" });
    await last("end");
    assert.deepEqual(await heights(), before);
    assert.ok(!(await heard(page)).includes("rogue"));
    for (const [height, clamped] of [
      [-1, "100px"],
      [5, "100px"],
      [1e9, "5000px"],
    ]) {
      await say(frame, { ...SOURCE, event: "height", height });
      await eventually(async () => assert.equal((await heights())[0], clamped));
    }
  },
);

// Options.

scenario(
  "the frame reports invalid options and applies the others",
  {
    page: (site) =>
      document(
        script(site),
        iframe(site, "theme=blue&show=chart,map,knobs&knobs=tp_size,nope&units=MB&readonly=yes&colour=red"),
      ),
  },
  async (page) => {
    const frame = await inside(page);
    await agrees(frame, LINK);
    const said = await frame.locator("#frame-warnings").innerText();
    for (const part of ["theme=blue", "show=map", "knobs=nope", "units=MB", "readonly=yes"])
      assert.ok(said.includes(part), `${part}: ${said}`);
    await eventually(async () => assert.match(await frame.locator("#link-warnings").innerText(), /colour/));
    assert.ok(await control(frame, "tp_size").isVisible());
    await fits(page, frame);
  },
);

scenario(
  "a frame shows exactly the parts that its options name",
  {
    page: (site) =>
      document(
        script(site),
        ["verdict", "chart", "table", "knobs"].map((show) => iframe(site, `show=${show}`)).join(""),
      ),
  },
  async (page) => {
    const places = ["#verdict", "#chart", "table", ".knobs"];
    for (const number of [0, 1, 2, 3]) {
      const frame = await inside(page, number);
      const shown = await Promise.all(places.map((place) => frame.locator(place).isVisible()));
      assert.deepEqual(
        shown,
        places.map((_, index) => index === number),
      );
      assert.match(
        await frame.locator(".embedded-foot a").getAttribute("href"),
        /\/calculator\/index\.html#v=2&model=/,
      );
    }
  },
);

scenario(
  "sizes are in decimal units if the options say so: figures, axis, verdict, panels",
  {
    viewport: { width: 1280, height: 1400 },
    page: (site) => document(script(site), iframe(site, "show=everything&units=GB", "v=2&gpu=h100")),
  },
  async (page) => {
    const frame = await inside(page);
    await agrees(frame, "gpu=h100");
    const { weights } = await figures(frame);
    const decimal = (weights / 1e9).toFixed(2);
    assert.ok((await row(frame, "weights").innerText()).includes(decimal));
    assert.match(await frame.locator("#verdict p").innerText(), /Uses .* of 85\.0 GB; .* GB free/);
    assert.match(await frame.locator(".capacity-line").innerText(), /^Capacity\s+85\.02\s*$/);
    assert.equal(await unit(frame), "GB");
    // The axis: the capacity is at its end, and 60 GB are where they belong.
    const axis = await frame.locator("#chart .picture text").evaluateAll((texts) =>
      texts.map((text) => [text.textContent.trim(), text.getAttribute("x") / text.ownerSVGElement.clientWidth]),
    );
    const ticks = Object.fromEntries(axis);
    assert.ok("85.02 GB capacity" in ticks, Object.keys(ticks).join());
    assert.ok(Math.abs(ticks["60"] - 60 / 85.02) < 0.01, `60 is at ${ticks["60"]}`);
    await frame.locator('#chart [data-segment="weights"]').first().hover();
    await frame.getByRole("tooltip").waitFor();
    assert.match(await frame.getByRole("tooltip").innerText(), new RegExp(`${decimal} GB, .* of 85\\.02 GB`));
    await row(frame, "weights").locator("button[data-why]").click();
    await eventually(async () =>
      assert.match(await frame.locator("#explanation").innerText(), new RegExp(`${decimal} GB`)),
    );
    for (const [id, unit] of [
      ["sweep", / GB/],
      ["search", /GB used/],
      ["export", /GB/],
    ]) {
      await frame.locator(`#tab_${id}`).click();
      const panel = frame.locator(`[id="${id}"] .panel`);
      await eventually(async () => assert.match(await panel.innerHTML(), unit), 10_000);
      assert.doesNotMatch(await panel.innerHTML(), /GiB/);
    }
  },
);

scenario(
  "a read-only compact frame has no controls",
  {
    page: (site) => document(script(site), iframe(site, "show=verdict,chart,table,knobs&readonly=1")),
  },
  async (page) => {
    const frame = await inside(page);
    await agrees(frame, LINK);
    assert.equal(await frame.locator("input:visible, select:visible, textarea:visible").count(), 0);
    assert.equal(await frame.locator("table thead th").first().innerText(), "GiB");
    await frame.locator('#chart [data-segment="weights"]').first().hover();
    await eventually(async () => assert.match(await frame.getByRole("tooltip").innerText(), /Weights/));
    assert.ok(await row(frame, "weights").isVisible());
  },
);

scenario(
  "a read-only whole page explains but changes nothing, and its host page still can",
  {
    viewport: { width: 1280, height: 1800 },
    page: (site) => document(script(site), iframe(site, "show=everything&readonly=1")),
  },
  async (page) => {
    const frame = await inside(page);
    await agrees(frame, LINK);
    await page.evaluate((message) => window.frames[0].postMessage(message, "*"), {
      ...SOURCE,
      set: "configuration",
      value: "v=2&tp_size=2",
    });
    await agrees(frame, "tp_size=2");
    await row(frame, "activations").locator("button[data-why]").click();
    await eventually(async () => assert.match(await frame.locator("#explanation").innerText(), /Activations/));
    // Neither keys nor the offers of the panels change it.
    await frame.locator("#tab_why").press("Control+z");
    for (const id of ["sweep", "limits", "search", "advice", "compare", "export", "file", "accuracy"]) {
      await frame.locator(`#tab_${id}`).click();
      const panel = frame.locator(`[id="${id}"] .panel`);
      await eventually(async () => assert.notEqual((await panel.innerText()).trim(), ""), 10_000);
      const offers = panel.locator("[data-take], [data-open], [data-pin]");
      for (const offer of await offers.all()) {
        if (await offer.isVisible()) await offer.dispatchEvent("click");
      }
      const buttons = panel.locator("button[data-take], [data-pin]");
      for (const button of await buttons.all())
        assert.ok(!(await button.isVisible()), `${id} offers ${await button.innerText()}`);
    }
    const names = await frame
      .locator("header, .inputs")
      .locator("input, select")
      .evaluateAll((controls) =>
        controls.filter((control) => control.checkVisibility()).map(({ id, name }) => id || name),
      );
    assert.deepEqual(names, []);
    await page.waitForTimeout(400);
    assert.deepEqual(await linked(frame), { tp_size: "2", tab: "accuracy" });
    await agrees(frame, "tp_size=2");
  },
);

test(
  "the whole page loads no files for embedding, and keeps its units in shared links",
  { timeout: 60_000 },
  async () => {
    started ??= starting();
    const { site, browser } = await started;
    const context = await browser.newContext({ viewport: DESKTOP });
    const page = await context.newPage();
    const loaded = [];
    page.on("request", (request) =>
      loaded.push(
        new URL(request.url()).pathname
          .split("/")
          .pop()
          .replace(/-[0-9a-f]{10}(?=\.)/, ""),
      ),
    );
    await page.goto(`${site.address}?units=GB#${LINK}`);
    await page.locator('#app[data-ready="true"]').waitFor({ state: "attached" });
    assert.equal(await unit(page), "GB");
    await enter(page, "max_batch_size", "32");
    await eventually(async () => assert.match(page.url(), /\?units=GB#.*max_batch_size=32$/));
    for (const name of ["frame.js", "frame.css", "embed.js", "builder.js"]) assert.ok(!loaded.includes(name), name);
    await context.close();
  },
);

// The element.

const TAG = "trtllm-memory-calculator";
const element = (attributes, inner = "") => `<${TAG} id="calculator" ${attributes}>${inner}</${TAG}>`;
const onElement = (page, run, value) =>
  page.evaluate(`(${run})(document.getElementById("calculator"), ${JSON.stringify(value)})`);

scenario(
  "the element wraps a frame, and its attributes are settings and options",
  {
    page: (site) =>
      document(
        script(site) + recorder,
        element(
          'model="Qwen/Qwen3-32B" tp_size="2" show="chart,table" units="GB" class="wide" data-x="1" onclick="0"',
          "<a href='x'>A link</a>",
        ),
      ),
  },
  async (page) => {
    const frame = await inside(page);
    await agrees(frame, "model=Qwen/Qwen3-32B&tp_size=2");
    await fits(page, frame);
    assert.equal(await unit(frame), "GB");
    assert.equal(await frame.locator(".knobs").count(), 0);
    assert.equal(await frame.locator(".warnings:visible").count(), 0);
    assert.equal(await onElement(page, (element) => element.configuration), "v=2&model=Qwen/Qwen3-32B&tp_size=2");
    assert.ok(!(await page.getByText("A link").isVisible()), "the fallback is still visible");
  },
);

for (const [version, attributes] of [
  ["1", 'v="1" tp_size="2"'],
  ["1", 'configuration="v=1&amp;tp_size=2"'],
  ["1", 'configuration="v=1" tp_size="2"'],
  ["2", 'v="2" tp_size="2"'],
]) {
  scenario(
    `an element that states version ${version} keeps its meaning: ${attributes}`,
    { page: (site) => document(script(site) + recorder, element(attributes)) },
    async (page) => {
      const frame = await inside(page);
      await agrees(frame, `v=${version}&tp_size=2`);
      assert.equal(await frame.locator(".warnings:visible").count(), 0);
    },
  );
}

scenario(
  "the element's attributes and property change the settings without a new frame",
  {
    page: (site) => document(script(site) + recorder, element('tp_size="2"')),
  },
  async (page) => {
    const frame = await inside(page);
    await agrees(frame, "tp_size=2");
    await frame.evaluate(() => (window.mark = true));
    await onElement(page, (element) => element.setAttribute("tp_size", "4"));
    await agrees(frame, "tp_size=4");
    await onElement(page, (element) => {
      element.setAttribute("gpu", "l4");
      element.removeAttribute("tp_size");
    });
    await agrees(frame, "gpu=l4");
    await onElement(page, (element) => (element.configuration = "#v=2&gpu=h200"));
    await agrees(frame, "gpu=h200");
    await enter(frame, "max_batch_size", "32");
    const expected = "v=2&gpu=h200&max_batch_size=32";
    await eventually(async () => assert.equal(await onElement(page, (element) => element.configuration), expected));
    const [id, configuration, title] = await page.evaluate(() => heard.at(-1));
    assert.deepEqual([id, configuration], ["calculator", expected]);
    assert.equal(title, await frame.evaluate(() => window.document.title));
    assert.equal(await frame.evaluate(() => window.mark), true, "the frame was reloaded");
  },
);

scenario(
  "changed options keep the configuration, as does removing and adding the element",
  {
    page: (site) => document(script(site), element('tp_size="2"')),
  },
  async (page) => {
    await enter(await inside(page), "max_batch_size", "32");
    const expected = "v=2&tp_size=2&max_batch_size=32";
    const has = () =>
      eventually(async () => assert.equal(await onElement(page, (element) => element.configuration), expected));
    await has();
    await onElement(page, (element) => element.setAttribute("show", "table"));
    await eventually(async () => assert.equal(await (await inside(page)).locator("#chart").count(), 0));
    await agrees(await inside(page), expected);
    await onElement(page, (element) => {
      window.kept = element;
      element.remove();
    });
    await eventually(() => assert.equal(page.frames().length, 1));
    await page.evaluate(() => {
      window.kept.setAttribute("readonly", "");
      window.document.body.append(window.kept);
    });
    await agrees(await inside(page), expected);
    await fits(page, await inside(page));
    assert.equal(await (await inside(page)).evaluate(() => window.document.documentElement.dataset.readonly), "");
  },
);

scenario(
  "the element's theme is its attribute, or else the page's from the first picture on",
  {
    page: (site) => document(script(site), element("") + `<${TAG} theme="light"></${TAG}>`, ' data-theme="dark"'),
  },
  async (page) => {
    // Waits for the second frame first, so that both exist.
    const [second, first] = [await inside(page, 1), await inside(page, 0)];
    assert.match(first.url(), /theme=dark/);
    await eventually(async () => assert.deepEqual([await theme(first), await theme(second)], [DARK, LIGHT]));
    await page.evaluate(() => (window.document.documentElement.dataset.theme = "light"));
    await eventually(async () => assert.deepEqual([await theme(first), await theme(second)], [LIGHT, LIGHT]));
    await page.evaluate(() => (window.document.documentElement.dataset.theme = "dark"));
    await eventually(async () => assert.deepEqual([await theme(first), await theme(second)], [DARK, LIGHT]));
  },
);

for (const type of ["text/javascript", "module"]) {
  scenario(
    `an element older than its script is upgraded with its properties, as ${type}`,
    {
      // The server of another origin would have to allow the module.
      sameOrigin: type === "module",
      page: () => document(recorder, element('tp_size="2"')),
    },
    async (page, { site }) => {
      await onElement(page, (element) => (element.configuration = "v=2&gpu=l4"));
      await page.evaluate(
        ([src, type]) =>
          window.document.head.append(Object.assign(window.document.createElement("script"), { src, type })),
        [`${site}embed.js`, type],
      );
      await agrees(await inside(page), "gpu=l4");
      await fits(page, await inside(page));
    },
  );
}

scenario(
  "frames older than the script get their height",
  { page: (site) => document("", iframe(site)) },
  async (page, { site }) => {
    const frame = await inside(page);
    await agrees(frame, LINK);
    await page.addScriptTag({ url: `${site}embed.js` });
    await fits(page, frame);
  },
);

scenario(
  "the script works if it is loaded twice or the element's name is taken",
  {
    sameOrigin: true,
    page: (site) =>
      document(
        `<script>customElements.define("${TAG}", class extends HTMLElement {});</script>` +
          `${script(site)}${script(site)}<script type="module" src="${site}embed.js"></script>`,
        iframe(site),
      ),
  },
  async (page) => {
    await fits(page, await inside(page));
  },
);

scenario(
  "frame and element work on a page with a strict policy",
  {
    headers: {
      "content-security-policy":
        "default-src 'none'; script-src http://127.0.0.1:*; frame-src http://127.0.0.1:*; img-src data:",
    },
    page: (site) => document(script(site), element('tp_size="2"') + iframe(site).replace(/ style="[^"]*"/, "")),
  },
  async (page) => {
    await fits(page, await inside(page, 0));
    await fits(page, await inside(page, 1));
  },
);

scenario(
  "a frame works in a sandbox with the permissions that it needs",
  {
    page: (site) =>
      document(
        script(site),
        iframe(site, "", LINK, 'sandbox="allow-scripts allow-same-origin allow-popups allow-downloads"'),
      ),
  },
  async (page) => {
    await fits(page, await inside(page));
    await agrees(await inside(page), LINK);
  },
);
