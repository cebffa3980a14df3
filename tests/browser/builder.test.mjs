import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { PHONE } from "./harness/browser.mjs";
import { agrees, enter } from "./harness/calculator.mjs";
import { fromPackages } from "./harness/environment.mjs";
import { eventually, scenario as calculatorScenario } from "./harness/scenario.mjs";

const { source } = fromPackages("axe-core");
const LINK = "v=2&model=Qwen/Qwen3-32B&tp_size=2";
const KINDS = ["HTML", "Sphinx", "MkDocs", "mdBook", "Docusaurus", "MDX", "React"];
// A name with all characters that could end an attribute, a tag, a link or an expression.
const NAME = `My "best" <model> & 'co' {x} --> \\`;
const NAMED = `v=2&m.name=${encodeURIComponent(NAME).replaceAll("'", "%27")}&m.layers=40`;

// A test of the snippet generator, opened with this configuration.
const scenario = (name, { link = LINK, ...options }, steps) =>
  calculatorScenario(name, options, async (page) => {
    await page.goto(new URL(`embed.html#${link}`, page.url()).href);
    await (await preview(page)).locator('#app[data-ready="true"]').waitFor({ state: "attached" });
    await steps(page);
  });

async function preview(page) {
  return eventually(async () => {
    const element = await page.locator("#preview iframe").elementHandle();
    const frame = await element.contentFrame();
    assert.match(frame.url(), /embed=1/);
    return frame;
  }, 10_000);
}

const text = (page) => page.locator("#page_text").inputValue();
const option = (page, name, value) => page.locator(`[name="${name}"][value="${value}"]`);

// Returns the snippet's only element as a browser parses it: its tag, text and attributes. An empty
// page parses it, because its policy allows inline styles.
async function read(page, snippet) {
  const reader = await page.context().newPage();
  try {
    return await reader.evaluate((snippet) => {
      const body = new DOMParser().parseFromString(snippet, "text/html").body;
      if (body.children.length !== 1) throw new Error(`${body.children.length} elements in ${snippet}`);
      const [element] = body.children;
      return {
        tag: element.localName,
        text: body.textContent.trim(),
        ...Object.fromEntries([...element.attributes].map(({ name, value }) => [name, value])),
      };
    }, snippet);
  } finally {
    await reader.close();
  }
}

scenario("the snippet is a frame with the configuration, which the preview shows too", {}, async (page) => {
  await agrees(await preview(page), LINK);
  const site = new URL("./", page.url()).href;
  await eventually(async () => {
    const frame = await read(page, await text(page));
    assert.deepEqual(
      [frame.tag, frame.class, frame.src],
      ["iframe", "trtllm-memory", `${site}index.html?embed=1#${LINK}`],
    );
    const height = await page.locator("#preview iframe").evaluate((frame) => frame.clientHeight);
    assert.equal(frame.style, `width: 100%; min-height: ${height}px; border: 0`);
    // Another version may know better whether it fits.
    assert.match(frame.title, /^GPU memory of Qwen3-32B · bfloat16 · 2 × H100/);
    assert.doesNotMatch(frame.title, /fit/);
  });
  assert.equal(await page.locator("#site_text").inputValue(), `<script src="${site}embed.js" defer></script>`);
});

scenario("preview and snippet follow the options", {}, async (page) => {
  const asked = async (query, check) =>
    eventually(async () => {
      assert.equal(new URL((await read(page, await text(page))).src).search, `?embed=1${query}`);
      const frame = await preview(page);
      assert.ok(frame.url().includes(`?embed=1${query}`), frame.url());
      await check?.(frame);
    }, 10_000);
  await option(page, "show", "table").check();
  await asked("&show=verdict,chart,table,knobs", async (frame) => assert.ok(await frame.locator("table").isVisible()));
  await option(page, "show", "verdict").uncheck();
  await option(page, "theme", "dark").check();
  await option(page, "units", "GB").check();
  await page.locator("#knobs").fill("tp_size, gpu");
  await asked("&show=chart,table,knobs&knobs=tp_size,gpu&theme=dark&units=GB", async (frame) => {
    assert.equal(await frame.locator("#units input:checked").inputValue(), "GB");
    assert.ok(await frame.locator('[id="gpu"]').isVisible());
  });
  // The settings are listed once the preview is ready.
  await eventually(async () => assert.ok((await page.locator("#add_knob option").count()) > 40), 10_000);
  await page.locator("#add_knob").selectOption("max_num_tokens");
  await asked("&show=chart,table,knobs&knobs=tp_size,gpu,max_num_tokens&theme=dark&units=GB");
  await page.locator("#readonly").check();
  await asked("&show=chart,table,knobs&theme=dark&units=GB&readonly=1", async (frame) =>
    assert.equal(await frame.locator("input").count(), 0),
  );
  await option(page, "show", "everything").check();
  assert.ok(await option(page, "show", "chart").isDisabled());
  await asked("&show=everything&theme=dark&units=GB&readonly=1", async (frame) =>
    assert.ok(await frame.locator("#tab_why").isVisible()),
  );
  await page.locator("#width").selectOption("480");
  await eventually(async () => assert.match((await read(page, await text(page))).style, /max-width: 480px/));
  await eventually(async () =>
    assert.equal(await page.locator("#preview iframe").evaluate((frame) => frame.clientWidth), 480),
  );
  await page.locator("#site").fill("_static/memory");
  await eventually(async () =>
    assert.match((await read(page, await text(page))).src, /^_static\/memory\/index\.html\?/),
  );
});

scenario("the snippet follows changes in the preview, and the preview opens a pasted link", {}, async (page) => {
  const frame = await preview(page);
  await enter(frame, "max_batch_size", "32");
  await eventually(async () =>
    assert.ok((await read(page, await text(page))).src.endsWith(`#${LINK}&max_batch_size=32`)),
  );
  assert.equal(await page.locator("#configuration").inputValue(), `${LINK}&max_batch_size=32`);
  assert.ok(page.url().endsWith(`#${LINK}&max_batch_size=32`));
  await page.locator("#configuration").fill("https://example.org/memory/?units=GB#v=2&amp;gpu=l4&amp;tp_size=4");
  await agrees(frame, "gpu=l4&tp_size=4");
  await eventually(async () => assert.ok((await read(page, await text(page))).src.endsWith("#v=2&gpu=l4&tp_size=4")));
  assert.match(await page.locator("#calculator").getAttribute("href"), /^index\.html#v=2&gpu=l4&tp_size=4$/);
  await page.locator("#configuration").fill("v=1&gpu=l4");
  await agrees(frame, "v=1&gpu=l4");
  const fragment = async () => (await read(page, await text(page))).src.split("#")[1];
  await eventually(async () => assert.equal(await fragment(), "v=1&gpu=l4"));
  await option(page, "form", "element").check();
  await eventually(async () => assert.equal((await read(page, await text(page))).v, "1"));
  await enter(frame, "max_batch_size", "32");
  await eventually(async () => {
    const { v, backend, quant_algo } = await read(page, await text(page));
    assert.deepEqual([v, backend, quant_algo], [undefined, "tensorrt", "NO_QUANT"]);
  });
});

scenario("values are escaped as in the calculator's own links", {}, async (page) => {
  const rows = (await readFile(new URL("../fixtures/link-escapes.tsv", import.meta.url), "utf8"))
    .trimEnd()
    .split("\n")
    .slice(1);
  for (const [value, escaped] of rows.map((row) => row.split("\t"))) {
    await page.locator("#configuration").fill(`v=2&x=${encodeURIComponent(value)}`);
    await eventually(async () =>
      assert.equal((await read(page, await text(page))).src.split("#")[1], `v=2&x=${escaped}`),
    );
  }
});

for (const form of ["iframe", "element"]) {
  scenario(`special characters of a link stay inside its attribute: ${form}`, { link: NAMED }, async (page) => {
    await option(page, "form", form).check();
    // The calculator rejects such a name, and the link stays unchanged until a setting changes.
    const inside = await preview(page);
    await eventually(async () => assert.match(await inside.locator("#link-warnings").innerText(), /m\.name/));
    for (const pasted of [NAMED, `m.layers=40&m.name=${NAME.replaceAll("&", "%26")}`]) {
      await page.locator("#configuration").fill(pasted);
      await eventually(async () => {
        const read_ = await read(page, await text(page));
        const allowed =
          form === "iframe"
            ? ["allow", "class", "loading", "src", "style", "tag", "text", "title"]
            : ["configuration", "tag", "text", "title"];
        assert.deepEqual(Object.keys(read_).sort(), allowed);
        const fragment = form === "iframe" ? new URL(read_.src).hash.slice(1) : read_.configuration;
        assert.equal(new URLSearchParams(fragment).get("m.name"), NAME);
        if (form === "iframe") assert.equal(read_.text, "");
      });
    }
  });
}

for (const kind of KINDS) {
  scenario(`the snippet for ${kind} has the syntax of ${kind}`, {}, async (page) => {
    await page.getByRole("tab", { name: kind }).click();
    const [here, once, where] = [
      await text(page),
      await page.locator("#site_text").inputValue(),
      await page.locator("#site_label").innerText(),
    ];
    const site = new URL("./", page.url()).href;
    assert.ok(once.includes(`${site}embed.js`), once);
    const expected = {
      HTML: [/^<iframe class=/, /^<script .*defer><\/script>$/, /page/],
      Sphinx: [/^\.\. raw:: html\n\n {3}<iframe class=/, /^html_js_files = \["/, /conf\.py/],
      MkDocs: [/^<iframe class=/, /^extra_javascript:\n {2}- "/, /mkdocs\.yml/],
      mdBook: [/^<iframe class=/, /^<script /, /head\.hbs/],
      Docusaurus: [
        /^<iframe className=.* style=\{\{ width: "100%", minHeight: \d+, border: 0 \}\}>/,
        /^scripts: \[\{ src: "/,
        /docusaurus\.config\.js/,
      ],
      MDX: [/^<iframe className=/, /^<script /, /layout/],
      React: [/^export function GpuMemory\(\) \{\n {2}return \(\n {4}<iframe className=/, /^<script /, /index\.html/],
    }[kind];
    for (const [said, pattern] of [
      [here, expected[0]],
      [once, expected[1]],
      [where, expected[2]],
    ])
      assert.match(said, pattern);
    // Markdown ends an HTML block at an empty line.
    assert.doesNotMatch(here.replace(/^\.\. raw:: html\n\n/, ""), /\n\s*\n/);
  });
}

scenario("the element's snippet has the settings as attributes and a link as fallback", {}, async (page) => {
  await option(page, "form", "element").check();
  const element = await read(page, await text(page));
  assert.deepEqual([element.tag, element.model, element.tp_size], ["trtllm-memory-calculator", "Qwen/Qwen3-32B", "2"]);
  assert.match(await text(page), /<a href="[^"]*index\.html#v=2&amp;model=Qwen\/Qwen3-32B&amp;tp_size=2">/);
});

scenario(
  "the generator works by keyboard: arrow keys choose the kind, Enter copies",
  { permissions: ["clipboard-read", "clipboard-write"] },
  async (page) => {
    await page.getByRole("tab", { name: "HTML" }).focus();
    for (const kind of [...KINDS.slice(1), "HTML"]) {
      await page.keyboard.press("ArrowRight");
      assert.equal(await page.evaluate(() => document.activeElement.textContent), kind);
      assert.equal(await page.locator('[role="tab"][aria-selected="true"]').innerText(), kind);
    }
    const copied = () => page.evaluate(() => navigator.clipboard.readText());
    await page.locator('[data-copies="page_text"]').press("Enter");
    await eventually(async () => assert.equal(await copied(), await text(page)));
    await eventually(async () => assert.equal(await page.locator("#said").innerText(), "Copied"));
    await page.locator('[data-copies="site_text"]').press("Enter");
    await eventually(async () => assert.equal(await copied(), await page.locator("#site_text").inputValue()));
  },
);

const refuse = () => {
  navigator.clipboard.writeText = () => Promise.reject(new DOMException("no", "NotAllowedError"));
};

scenario("the text is selected if the browser denies access to the clipboard", { before: refuse }, async (page) => {
  await page.locator('[data-copies="page_text"]').click();
  const selected = () =>
    page.locator("#page_text").evaluate((area) => area.value.slice(area.selectionStart, area.selectionEnd));
  await eventually(async () => assert.equal(await selected(), await text(page)));
});

for (const [name, options] of [
  ["light", {}],
  ["dark", { colorScheme: "dark" }],
  ["on a phone", { viewport: PHONE }],
  ["on a phone, dark", { viewport: PHONE, colorScheme: "dark" }],
]) {
  scenario(
    `axe finds no violations in the snippet generator, and nothing overflows: ${name}`,
    options,
    async (page) => {
      const width = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      assert.equal(width, 0, "the page scrolls sideways");
      for (const place of [page.mainFrame(), await preview(page)]) {
        await place.evaluate(source);
        const violations = await place.evaluate(async () => {
          const { violations } = await axe.run(document, {
            runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] },
            iframes: false,
          });
          return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
        });
        assert.deepEqual(violations, []);
      }
    },
  );
}

calculatorScenario(
  "the calculator links to the snippet generator with its configuration",
  { link: "v=2&tp_size=4" },
  async (page) => {
    await page.locator("#tab_export").click();
    const link = page.locator("#embed_link");
    await link.waitFor({ timeout: 10_000 });
    assert.equal(await link.evaluate((link) => link.href), new URL("embed.html#v=2&tp_size=4", page.url()).href);
    assert.equal(await link.getAttribute("target"), "_blank");
  },
);

calculatorScenario("the generator's Content-Security-Policy is as strict as the calculator's", {}, async (page) => {
  const policy = async (address) => {
    await page.goto(new URL(address, page.url()).href);
    const text = await page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute("content");
    return Object.fromEntries(
      text
        .split(";")
        .map((rule) => rule.trim())
        .map((rule) => [rule.split(" ")[0], rule]),
    );
  };
  const own = await policy("index.html");
  const builder = await policy("embed.html");
  assert.equal(builder["frame-src"], "frame-src 'self'");
  for (const [name, rule] of Object.entries(builder)) {
    if (name !== "frame-src") assert.ok(own[name].startsWith(rule), `${rule} against ${own[name]}`);
  }
});
