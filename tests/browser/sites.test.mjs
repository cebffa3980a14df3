// The calculator in documentation: sites built by Sphinx, MkDocs and mdBook, opened in a browser.
import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { DESKTOP, open, start } from "./harness/browser.mjs";
import { agrees, estimate, native } from "./harness/calculator.mjs";
import { installExtension, mdbook, mkdocs, python, sphinx } from "./harness/documentation.mjs";
import { nativeCommand } from "./harness/environment.mjs";
import { eventually } from "./harness/scenario.mjs";

const LARGE = "model=llama-3.1-70b&tp_size=8&quant_algo=FP8&max_batch_size=64";
// A page of version 1, which keeps its meaning.
const SMALL = "v=1&model=meta-llama/Llama-3.1-8B&gpu=l40s&quant_algo=FP8&kv_cache_dtype=fp8";
const PLAIN = "max_num_tokens=4096";
const QWEN = "v=2&model=Qwen/Qwen3-32B&tp_size=2&max_batch_size=64";
const QWEN_SMALL = "model=Qwen/Qwen3-8B&gpu=l40s";

const FRAME = /<iframe [^>]*class="trtllm-memory"/;

let work, extension, running;
const said = {};

before(async () => {
  work = await mkdtemp(join(tmpdir(), "trtllm-memory-sites-"));
  extension = await installExtension(join(work, "extension"));
  const sites = join(work, "sites");
  said.pydata = await sphinx(extension, "html", join(sites, "pydata"));
  said.furo = await sphinx(extension, "dirhtml", join(sites, "furo"), { settings: { html_theme: "furo" } });
  await mkdocs(work, join(sites, "mkdocs"));
  await mdbook(work, join(sites, "book"));
  running = await start({ folder: sites });
});

after(async () => {
  await running?.close();
  await rm(work, { recursive: true, force: true });
});

// A test on a page of a site. At the end the browser must have reported no errors.
function visit(name, options, steps) {
  test(name, { timeout: 90_000 }, async () => {
    const { page, context, troubles } = await open(running, options);
    try {
      await steps(page);
      assert.deepEqual(troubles, [], "the browser reported errors");
    } finally {
      await context.close();
    }
  });
}

// Returns the calculators on a page in order, each ready. Scrolls to each, as frames load lazily.
async function calculators(page, count) {
  const elements = page.locator("iframe.trtllm-memory, trtllm-memory-calculator iframe");
  await eventually(async () => assert.equal(await elements.count(), count));
  const found = [];
  for (const element of await elements.all()) {
    await element.scrollIntoViewIfNeeded();
    const frame = await (await element.elementHandle()).contentFrame();
    await frame.locator('#app[data-ready="true"]').waitFor({ state: "attached" });
    found.push({ element, frame });
  }
  return found;
}

// Asserts that the frame is as high as its content, without scrolling or empty space below.
async function fits({ element, frame }) {
  await eventually(async () => {
    const { height } = await element.boundingBox();
    const content = await frame.evaluate(() => ({
      bottom: Math.max(
        ...[...document.querySelectorAll("#app *")].map((part) => part.getBoundingClientRect().bottom + scrollY),
      ),
      scrolls: document.documentElement.scrollHeight > innerHeight + 1,
    }));
    assert.ok(!content.scrolls, `something scrolls in a frame of ${height} px`);
    assert.ok(
      Math.abs(height - content.bottom) <= 24,
      `the frame has ${height} px, its content ends at ${content.bottom}`,
    );
  });
}

// Whether a page is dark, judged by its light text.
const isDark = (pageOrFrame) =>
  pageOrFrame.evaluate(() => {
    const [red, green, blue] = getComputedStyle(document.querySelector("main") ?? document.body)
      .color.match(/[\d.]+/g)
      .map(Number);
    return 0.21 * red + 0.72 * green + 0.07 * blue > 128;
  });

// Uses the site's own switch until the page has been light and dark. Each time the frames must have
// the page's theme.
async function followsTheme(page, found, press) {
  const seen = new Set();
  for (let presses = 0; presses <= 4; presses += 1) {
    if (presses > 0) await press(page, presses);
    for (const { frame } of found) {
      await eventually(async () => assert.equal(await isDark(frame), await isDark(page), `after ${presses} presses`));
    }
    seen.add(await isDark(page));
  }
  assert.equal(seen.size, 2, "the site's switch did not change the page");
}

async function shows(found, links) {
  for (const [at, { frame }] of found.entries()) await agrees(frame, links[at]);
}

async function pydata(page, presses) {
  await page.locator(".theme-switch-button:visible").first().click();
  await page
    .locator(`.theme-change-button[data-mode="${["dark", "auto", "light", "dark"][presses - 1]}"]:visible`)
    .click();
}

const furo = (page) => page.locator(".theme-toggle:visible").first().click();
const material = (page) => page.locator('[data-md-component="palette"] label:visible').click();

async function mdbooks(page, presses) {
  const theme = page.locator(`#mdbook-theme-${["rust", "coal", "light", "ayu"][presses - 1]}`);
  // The list stays open after a choice.
  if (!(await theme.isVisible())) await page.locator("#mdbook-theme-toggle").click();
  await theme.click();
}

const HOMES = [
  ["Sphinx with the pydata theme", "pydata/index.html", LARGE, pydata],
  ["Sphinx with Furo", "furo/", LARGE, furo],
  ["MkDocs Material", "mkdocs/", QWEN, material],
  ["mdBook", "book/index.html", QWEN, mdbooks],
];

for (const [tool, path, link, press] of HOMES) {
  visit(`${tool}: the frame fits, follows the site's theme and shows the library's figures`, { path }, async (page) => {
    const found = await calculators(page, 1);
    await shows(found, [link]);
    await fits(found[0]);
    await followsTheme(page, found, press);
    await page.setViewportSize({ width: 500, height: 700 });
    await fits(found[0]);
    await page.setViewportSize(DESKTOP);
    await fits(found[0]);
  });

  visit(`${tool}: the frame is dark if the system is dark`, { path, colorScheme: "dark" }, async (page) => {
    const [{ frame }] = await calculators(page, 1);
    await eventually(async () => assert.ok(await isDark(page), "the site is not dark"));
    await eventually(async () => assert.ok(await isDark(frame)));
  });
}

for (const [site, path] of [
  ["pydata", "pydata/guide/smaller.html"],
  ["furo", "furo/guide/smaller/"],
]) {
  visit(`Sphinx, ${site}: a nested page has a read-only frame and one with a fixed theme`, { path }, async (page) => {
    const found = await calculators(page, 2);
    await shows(found, [SMALL, PLAIN]);
    for (const one of found) await fits(one);
    assert.equal(
      await found[0].frame.locator("input:visible, select:visible").count(),
      0,
      "the read-only frame has controls",
    );
    assert.notEqual(
      await found[1].frame.locator("input:visible, select:visible").count(),
      0,
      "the other frame has no controls",
    );
    assert.equal(await isDark(page), false);
    await eventually(async () => assert.equal(await isDark(found[1].frame), true));
    const [whole, part] = await Promise.all(
      [found[0], found[1]].map(async ({ element }) => (await element.boundingBox()).width),
    );
    assert.ok(Math.abs(part / whole - 0.8) < 0.02, `${part} of ${whole} px is not the width of the option`);
  });
}

for (const [tool, path, links] of [
  ["MkDocs Material", "mkdocs/guide/smaller/", [QWEN_SMALL, `${QWEN_SMALL}&quant_algo=FP8`]],
  ["mdBook", "book/guide/smaller.html", [QWEN_SMALL]],
]) {
  visit(`${tool}: the element works on a nested page`, { path }, async (page) => {
    const found = await calculators(page, links.length);
    await shows(found, links);
    for (const one of found) await fits(one);
  });
}

visit(
  "Sphinx: a reader's change affects the frame alone, which adapts its height",
  { path: "pydata/index.html" },
  async (page) => {
    const [one] = await calculators(page, 1);
    const before = page.url();
    await one.frame.locator('[id="max_batch_size"]').fill("32");
    await agrees(one.frame, LARGE.replace("max_batch_size=64", "max_batch_size=32"));
    await fits(one);
    assert.equal(page.url(), before);
  },
);

visit(
  "Sphinx: without scripts a page shows the chart and the verdict",
  { path: "pydata/index.html", scripts: false },
  async (page) => {
    assert.equal(await page.locator("iframe.trtllm-memory").isVisible(), false);
    const chart = page.locator('img[alt="Memory of the 70B service"]');
    await eventually(async () => assert.ok((await chart.boundingBox())?.height > 100, "there is no chart"));
    const { verdict_detail } = await estimate(LARGE);
    const text = page.locator("noscript p");
    assert.ok((await text.isVisible()) && (await text.innerText()).includes(verdict_detail.sentence));
  },
);

test("Sphinx: the charts in the pages are the native command's", async () => {
  const folder = join(work, "sites/pydata/_images");
  const drawn = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), "utf8")));
  for (const link of [LARGE, SMALL, PLAIN]) {
    const chart = await native("chart", link, "--poster");
    assert.ok(drawn.includes(chart), `no picture of ${link}`);
  }
});

// A sentence as Sphinx writes it into LaTeX.
const inTex = (sentence) => sentence.replaceAll("-", "\\sphinxhyphen{}");

test("Sphinx: LaTeX includes the converted chart, its caption and the verdict", async () => {
  const output = join(work, "latex");
  const settings = {
    extensions: "sphinx_trtllm_memory,sphinxcontrib.cairosvgconverter",
    trtllm_memory_url: "https://example.org/memory/",
  };
  await sphinx(extension, "latex", output, { settings });
  const tex = await readFile(join(output, "serving.tex"), "utf8");
  const included = [...tex.matchAll(/\\sphinxincludegraphics(?:\[[^\]]*\])?\{\{([^}]+)\}\.pdf\}/g)].map(
    ([, name]) => `${name}.pdf`,
  );
  assert.equal(included.length, 3);
  for (const name of included) assert.equal((await readFile(join(output, name))).subarray(0, 5).toString(), "%PDF-");
  assert.match(tex, /\\caption\{The \\sphinxstyleemphasis\{70B\} service\}/);
  const { verdict_detail, link } = await estimate(LARGE);
  assert.ok(tex.includes(inTex(verdict_detail.sentence)));
  const address = `https://example.org/memory/#${link}`.replace(/[#&_]/g, "\\$&");
  assert.ok(tex.includes(`\\sphinxhref{${address}}{Open it in the calculator}`), "no link to the calculator");
  assert.ok(tex.includes("100 \\% of \\textbackslash{}LaTeX"), "a caption is not escaped");
});

test("Sphinx: a warning names converters for a builder without SVG, and the verdict stays", async () => {
  const output = join(work, "unconverted");
  const complaints = await sphinx(extension, "latex", output);
  assert.match(
    complaints,
    /index\.rst:4: WARNING: trtllm-memory: the builder latex takes no SVG.*sphinxcontrib\.cairosvgconverter/,
  );
  const tex = await readFile(join(output, "serving.tex"), "utf8");
  assert.ok(!tex.includes("\\sphinxincludegraphics{{trtllm"));
  assert.ok(tex.includes(inTex((await estimate(LARGE)).verdict_detail.sentence)));
});

test("Sphinx: text output has the configuration and the verdict", async () => {
  const output = join(work, "text");
  await sphinx(extension, "text", output, { settings: { text_sectionchars: "=" } });
  const text = (await readFile(join(output, "index.txt"), "utf8")).replace(/\s+/g, " ");
  assert.ok(text.includes((await estimate(LARGE)).verdict_detail.sentence), text);
  assert.ok(text.includes("tp_size=8"), text);
});

test("Sphinx: mistakes cause warnings with the option, its line and a correction", () => {
  for (const complaints of [said.pydata, said.furo]) {
    assert.match(
      complaints,
      /mistakes\.rst:5: WARNING: trtllm-memory: tp_sise is not a setting; did you mean tp_size\?/,
    );
    assert.match(complaints, /mistakes\.rst:6: WARNING: trtllm-memory: max_batch_size=many must be a whole number/);
    assert.match(
      complaints,
      /mistakes\.rst:8: ERROR: .*\n?.*option: "theme"; value: 'blue'\)\s+it must be light, dark or auto/,
    );
    assert.match(
      complaints,
      /mistakes\.rst:11: WARNING: trtllm-memory: model=<script>alert\(1\)<\/script> isn't in the catalogue/,
    );
    assert.doesNotMatch(complaints, /index\.rst|smaller\.rst|parallel/);
  }
});

test("Sphinx: markup in the options of an author is escaped", async () => {
  const html = await readFile(join(work, "sites/pydata/mistakes.html"), "utf8");
  assert.ok(!html.includes("<script>alert") && !html.includes("<b>bold") && !html.includes("<i>HTML"));
  assert.match(html, /title="&quot;quoted&quot; &amp; &lt;b&gt;bold&lt;\/b&gt;"/);
  assert.match(html, /#v=2&amp;model=%3Cscript%3Ealert%281%29%3C\/script%3E"/);
});

test("Sphinx: without the native command pages have frames and text, and there is one warning", async () => {
  const settings = {
    trtllm_memory_command: "no-such-command",
    trtllm_memory_url: "https://example.org/memory/index.html",
  };
  const html = join(work, "lone");
  const complaints = await sphinx(extension, "html", html, { settings });
  assert.equal(
    complaints.match(/WARNING: trtllm-memory: there is no command 'no-such-command'/g).length,
    1,
    complaints,
  );
  assert.match(await readFile(join(html, "index.html"), "utf8"), FRAME);
  const text = join(work, "lone-text");
  await sphinx(extension, "text", text, { settings });
  assert.match(
    (await readFile(join(text, "index.txt"), "utf8")).replace(/\s+/g, " "),
    /model=llama-3\.1-70b, tp_size=8, .*Open it in the calculator/,
  );
});

test("Sphinx: without the calculator's site pages have charts, and a warning names the missing files", async () => {
  const output = join(work, "siteless");
  const complaints = await sphinx(extension, "html", output, { settings: { trtllm_memory_site: work } });
  const warning =
    String.raw`WARNING: trtllm-memory: trtllm_memory_site = '.*' is not the calculator's built site: ` +
    String.raw`.* has no index\.html and no embed\.js`;
  assert.match(complaints, new RegExp(warning));
  const html = await readFile(join(output, "index.html"), "utf8");
  assert.doesNotMatch(html, FRAME);
  assert.match(html, /<img alt="Memory of the 70B service"/);
});

test(
  "Sphinx: another build runs the native command only for new deployments",
  { skip: process.platform === "win32" },
  async () => {
    const [source, output, log, command] = ["edited", "edited-html", "asked.log", "asking"].map((name) =>
      join(work, name),
    );
    await mkdir(source);
    await writeFile(join(source, "conf.py"), 'extensions = ["sphinx_trtllm_memory"]\n');
    await writeFile(command, `#!/bin/sh\nprintf '%s\\n' "$*" >> '${log}'\nexec '${nativeCommand}' "$@"\n`);
    await chmod(command, 0o755);
    const asked = async (...batches) => {
      const shown = batches.map((batch) => `.. trtllm-memory::\n   :max_batch_size: ${batch}\n`);
      await writeFile(join(source, "index.rst"), ["Edited\n======\n", ...shown].join("\n"));
      await writeFile(log, "");
      await sphinx(extension, "html", output, { source, settings: { trtllm_memory_command: command } });
      return (await readFile(log, "utf8")).split("\n").filter(Boolean).sort();
    };
    const questions = (batch) =>
      ["chart", "estimate"].map(
        (what) => `${what} #v=2&max_batch_size=${batch} ${what === "chart" ? "--poster" : "--json"} --units GiB`,
      );
    assert.deepEqual(await asked(8, 16), [questions(16)[0], questions(8)[0], questions(16)[1], questions(8)[1]]);
    assert.deepEqual(await asked(8, 32), questions(32));
    assert.match(await readFile(join(output, "index.html"), "utf8"), /max_batch_size=8".*max_batch_size=32"/s);
  },
);

test("the Sphinx extension escapes values like the calculator", async () => {
  const fixture = await readFile(new URL("../fixtures/link-escapes.tsv", import.meta.url), "utf8");
  const rows = fixture
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((row) => row.split("\t"));
  const program =
    "import json, sys; from sphinx_trtllm_memory.link import joined; " +
    "print(json.dumps([joined([('x', value)]) for value in json.loads(sys.argv[1])]))";
  const links = await python(["-c", program, JSON.stringify(rows.map(([value]) => value))], { PYTHONPATH: extension });
  assert.deepEqual(
    JSON.parse(links),
    rows.map(([, escaped]) => `v=2&x=${escaped}`),
  );
});
