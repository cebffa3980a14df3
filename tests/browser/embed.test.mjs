import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { DESKTOP, start } from "./harness/browser.mjs";
import { agrees, control, enter, estimate, figures } from "./harness/calculator.mjs";
import { fromPackages } from "./harness/environment.mjs";
import { eventually } from "./harness/scenario.mjs";

const SOURCE = { source: "trtllm-memory", v: 1 };
const LINK = "v=1&model=Qwen/Qwen3-32B&tp_size=2&max_batch_size=64";

// The calculator's site, and a host of another origin whose pages the scenarios write.
const pages = new Map();
let started;

async function starting() {
  const server = createServer((request, response) => {
    const { body, headers } = pages.get(new URL(request.url, "http://host").pathname) ?? {};
    if (body === undefined) response.writeHead(404, { "content-type": "text/plain" }).end("not here");
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

// A frame of the calculator as documentation writes it.
const iframe = (site, options = "", link = LINK, more = "") =>
  `<iframe class="trtllm-memory" src="${site}index.html?embed=1${options && `&amp;${options.replaceAll("&", "&amp;")}`}${link && `#${link.replaceAll("&", "&amp;")}`}" title="memory" style="width: 100%; min-height: 320px; border: 0" ${more}></iframe>`;

const script = (site) => `<script src="${site}embed.js" defer></script>`;

const document = (head, body, attributes = "") =>
  `<!doctype html><html lang="en"${attributes}><head><meta charset="utf-8"><title>Docs</title>${head}</head><body>${body}</body></html>`;

// A scenario on a page of another host, or of the calculator's own with `sameOrigin`. `page` writes it, given the calculator's address.
function scenario(name, options, steps) {
  const { page: write, headers, sameOrigin, viewport = DESKTOP, colorScheme = "light", scripts = true, before, permissions = [], complains = false } = options;
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
      if (!complains) assert.deepEqual(troubles, [], "the browser complained");
    } finally {
      await context.close();
    }
  });
}

// The calculator inside the page's frame of this number, once it has drawn.
async function inside(page, number = 0) {
  const frame = await eventually(async () => {
    const frames = page.frames().filter((frame) => frame.url().includes("index.html?embed=1"));
    assert.ok(frames.length > number, `${frames.length} frames`);
    return frames[number];
  }, 10_000);
  await frame.locator('#app[data-ready="true"]').waitFor({ state: "attached" });
  return frame;
}

// The frame is exactly as high as what it shows, and scrolls in no direction.
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
  frame.evaluate(() => [window.document.documentElement.dataset.theme, getComputedStyle(window.document.querySelector(".embedded")).backgroundColor]);
const LIGHT = ["light", "rgb(251, 251, 250)"];
const DARK = ["dark", "rgb(20, 21, 23)"];

// Three frames on one page.
const THREE = [
  ["show=chart&theme=dark", "v=1&tp_size=4"],
  ["show=chart,table&units=GB&theme=light", LINK],
  ["knobs=tp_size,quant_algo,gpu", "v=1&gpu=l4"],
];

for (const sameOrigin of [false, true]) {
  const where = sameOrigin ? "the same origin" : "another origin";
  scenario(`three frames on a page of ${where} have a configuration, a theme and a height each`, {
    sameOrigin,
    page: (site) => document(script(site), THREE.map(([options, link]) => `<p>Text.</p>${iframe(site, options, link)}`).join("")),
  }, async (page) => {
    for (const [number, [, link]] of THREE.entries()) {
      const frame = await inside(page, number);
      await fits(page, frame);
      await agrees(frame, link);
    }
    assert.deepEqual(await theme(await inside(page, 0)), DARK);
    assert.deepEqual(await theme(await inside(page, 1)), LIGHT);
    assert.deepEqual(await theme(await inside(page, 2)), LIGHT);
    await enter(await inside(page, 2), "tp_size", "2");
    await agrees(await inside(page, 2), "v=1&gpu=l4&tp_size=2");
    await agrees(await inside(page, 0), THREE[0][1]);
  });
}
