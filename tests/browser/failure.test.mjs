import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { enter, figures, linked } from "./harness/calculator.mjs";
import { eventually, scenario } from "./harness/scenario.mjs";
import { tab, VIEWS } from "./harness/views.mjs";

const VERSION = readFileSync(new URL("../../Cargo.toml", import.meta.url), "utf8").match(/^version = "(.*)"/m)[1];
const LINK = "v=2&tp_size=2&max_batch_size=64";
const failure = (page) => page.locator("#failure");

async function failsWith(page, pattern) {
  await eventually(async () => assert.match(await failure(page).innerText(), pattern));
}

scenario(
  "without WebAssembly the page reports that",
  { fail: true, before: () => delete globalThis.WebAssembly },
  async (page) => {
    await failsWith(page, /WebAssembly/);
  },
);

const broken = () => {
  WebAssembly.instantiateStreaming = WebAssembly.instantiate = () => Promise.reject(new Error("out of memory"));
};

scenario(
  "if the program cannot start, the page shows the reason and the ways to continue",
  { fail: true, before: broken },
  async (page) => {
    await failsWith(page, /out of memory/);
    assert.ok(await failure(page).getByRole("link").isVisible());
    assert.ok(await failure(page).getByRole("button", { name: "Reload with your settings" }).isVisible());
  },
);

scenario(
  "a program that cannot be loaded is reported",
  { fail: true, expects: /404|Failed to load/, missing: /_bg\.wasm$/ },
  async (page) => {
    await failsWith(page, /The calculator stopped/);
  },
);

// The worker answers during the call that sends the request. The program does not expect that and
// panics, as on any bug of its own.
const answerAtOnce = () => {
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (...said) {
    if (globalThis.panic) this.dispatchEvent(new MessageEvent("message", { data: "0\nnothing" }));
    return post.apply(this, said);
  };
};

async function panic(page) {
  await page.evaluate(() => {
    globalThis.panic = true;
    document.querySelector("#tab_limits").click();
  });
}

const panics = {
  link: LINK,
  before: answerAtOnce,
  expects: /unreachable/,
  permissions: ["clipboard-read", "clipboard-write"],
};

scenario("a panic shows a page with its message and with details to report", panics, async (page) => {
  await panic(page);
  await failsWith(page, /panicked at .*RefCell already borrowed/);
  assert.equal(await failure(page).getAttribute("role"), "alertdialog");
  assert.equal(await page.evaluate(() => document.activeElement.id), "failure", "the message has the focus");
  const details = await page.locator("#failure-details").inputValue();
  const [version, settings, browser, what] = details.split("\n");
  assert.match(version, new RegExp(`^version: ${VERSION}, files/page-[0-9a-f]+\\.js$`));
  assert.equal(settings, `settings: ${page.url()}`);
  assert.equal(browser, `browser: ${await page.evaluate(() => navigator.userAgent)}`);
  assert.match(what, /^what: panicked at/);
  await failure(page).getByRole("button", { name: "Copy the details" }).click();
  await failsWith(page, /Copied/);
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), details);
});

scenario("after a panic Tab reaches nothing behind the message", panics, async (page) => {
  await panic(page);
  await failure(page).waitFor();
  for (let presses = 0; presses < 12; presses += 1) {
    await page.keyboard.press("Tab");
    assert.ok(
      await page.evaluate(
        () => document.activeElement === document.body || document.activeElement.closest("#failure") !== null,
      ),
    );
  }
});

scenario("after a panic the page can be reloaded with the settings", panics, async (page) => {
  const before = await figures(page);
  await panic(page);
  await failure(page).getByRole("button", { name: "Reload with your settings" }).click();
  await page.locator('#app[data-ready="true"]').waitFor({ state: "attached" });
  assert.equal(await failure(page).isVisible(), false);
  assert.deepEqual(await figures(page), before);
});

scenario("after a panic the page can be reloaded with the defaults", panics, async (page) => {
  await panic(page);
  await failure(page).getByRole("link", { name: "Reload with the defaults" }).click();
  await page.locator('#app[data-ready="true"]').waitFor({ state: "attached" });
  assert.deepEqual(await linked(page), {});
  assert.equal(await failure(page).isVisible(), false);
});

// The browser fails within a call of the program, which then cannot report anything.
scenario(
  "a failure that the program cannot report shows the same page",
  { link: LINK, expects: /attributes are broken|unreachable/ },
  async (page) => {
    await page.evaluate(() => {
      Element.prototype.setAttribute = Element.prototype.removeAttribute = () => {
        throw new Error("attributes are broken");
      };
      Object.defineProperty(DOMTokenList.prototype, "toggle", {
        value: () => {
          throw new Error("attributes are broken");
        },
      });
      // The list of models is markup.
      Object.defineProperty(Element.prototype, "innerHTML", {
        set: () => {
          throw new Error("attributes are broken");
        },
      });
      Object.defineProperty(Document.prototype, "createTextNode", {
        value: () => {
          throw new Error("attributes are broken");
        },
      });
    });
    await page.locator("#model").click({ noWaitAfter: true });
    await failsWith(page, /attributes are broken/);
  },
);

scenario(
  "errors of other scripts in the window do not affect the page",
  { expects: /not the page's/ },
  async (page) => {
    await page.evaluate(() => {
      setTimeout(() => {
        throw new Error("not the page's");
      });
      Promise.reject(new Error("not the page's"));
      dispatchEvent(
        new ErrorEvent("error", { message: "ResizeObserver loop completed with undelivered notifications." }),
      );
    });
    await page.waitForTimeout(300);
    assert.equal(await failure(page).isVisible(), false);
    await enter(page, "max_batch_size", "64");
    await eventually(async () => assert.equal((await linked(page)).max_batch_size, "64"));
  },
);

// Without a worker the page still shows the figures that it computes itself.
const noWorker = () => {
  globalThis.Worker = class {
    constructor() {
      throw new Error("no workers here");
    }
  };
};

scenario(
  "without a worker the page shows figures, and a panel reports the missing worker",
  { before: noWorker },
  async (page) => {
    assert.match(await page.locator("#verdict").innerText(), /fits/i);
    await enter(page, "max_batch_size", "64");
    await eventually(async () => assert.equal((await linked(page)).max_batch_size, "64"));
    assert.match(await (await tab(page, "sweep")).innerText(), /The background worker failed to start or stopped/);
    assert.equal(await failure(page).isVisible(), false);
  },
);

// The first worker stops at a request, as after a panic.
const fragile = () => {
  const Sound = Worker;
  let made = 0;
  globalThis.Worker = class extends Sound {
    constructor(...given) {
      super(...given);
      this.isFragile = (made += 1) === 1;
    }
    postMessage(said) {
      if (this.isFragile && String(said).includes("panel=sweep"))
        setTimeout(() => this.dispatchEvent(new ErrorEvent("error")));
      else super.postMessage(said);
    }
  };
  globalThis.workers = () => made;
};

// An engine, which limits max_batch_size.
const ENGINE = { before: fragile, link: "v=1" };

scenario("a stopped worker is reported, and the next request starts another", ENGINE, async (page) => {
  assert.match(await (await tab(page, "limits")).innerText(), /max_batch_size/);
  assert.match(await (await tab(page, "sweep")).innerText(), /The background worker failed to start or stopped/);
  assert.equal(await page.evaluate(() => workers()), 1);
  await enter(page, "max_batch_size", "64");
  await eventually(async () => assert.equal(await page.locator("#sweep .chart-frame").count(), 2));
  assert.equal(await page.evaluate(() => workers()), 2);
});

scenario("a file given to a stopped worker is given to the next", { before: fragile }, async (page) => {
  await VIEWS.find(({ name }) => name === "a parsed model file").open(page);
  await page.locator("#tab_sweep").click();
  await eventually(async () =>
    assert.match(await page.locator("#sweep").innerText(), /The background worker failed to start or stopped/),
  );
  await page.locator("#tab_file").click();
  await enter(page, "max_batch_size", "64");
  await page.setViewportSize({ width: 1000, height: 800 });
  await eventually(async () => assert.ok((await page.evaluate(() => workers())) === 2));
  await eventually(async () => assert.match(await page.locator("#file").innerText(), /config\.json/));
});

// Features that old or restricted browsers lack.
const WITHOUT = {
  storage: () =>
    Object.defineProperty(globalThis, "localStorage", {
      get: () => {
        throw new DOMException("denied", "SecurityError");
      },
    }),
  "free storage": () => {
    Storage.prototype.setItem = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
  },
  ResizeObserver: () => delete globalThis.ResizeObserver,
  matchMedia: () => delete globalThis.matchMedia,
  "WebAssembly.instantiateStreaming": () => delete WebAssembly.instantiateStreaming,
  "the clipboard API": () => Object.defineProperty(Navigator.prototype, "clipboard", { value: undefined }),
  "history.replaceState": () => {
    History.prototype.replaceState = () => {
      throw new DOMException("too often", "SecurityError");
    };
  },
  structuredClone: () => delete globalThis.structuredClone,
  inert: () => delete HTMLElement.prototype.inert,
  FinalizationRegistry: () => delete globalThis.FinalizationRegistry,
  requestIdleCallback: () => delete globalThis.requestIdleCallback,
};

for (const [what, before] of Object.entries(WITHOUT)) {
  scenario(`a browser without ${what} does everything else`, { before }, async (page) => {
    const first = await figures(page);
    await enter(page, "max_batch_size", "64");
    await eventually(async () => assert.notDeepEqual(await figures(page), first));
    assert.ok((await page.locator("#chart [data-segment]").count()) >= 6, "the chart is drawn");
    await eventually(async () => assert.match(await page.locator("#why").innerText(), /blocks/));
    assert.match(await (await tab(page, "limits")).innerText(), /max_batch_size/);
    await page.locator(".theme").click();
    await eventually(async () => assert.equal(await page.locator("html").getAttribute("data-theme"), "dark"));
    await page.locator("#share").click();
    assert.equal(await failure(page).isVisible(), false);
  });
}
