// The site on a host: headers, requests, offline visits, and updates to a newer build.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { appendFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { finish, names } from "../../xtask/finish_site.mjs";
import { open, start } from "./harness/browser.mjs";
import { chromiumProgram, dist, fromPackages } from "./harness/environment.mjs";
import { hasBrotli, nginx } from "./harness/nginx.mjs";
import { eventually } from "./harness/scenario.mjs";
import { serve } from "./harness/site.mjs";

const started = start();
const folders = [];
after(async () => {
  await (await started).close();
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const hosting = (name) => fileURLToPath(new URL(`../../hosting/${name}`, import.meta.url));
const read = (...path) => readFileSync(join(...path), "utf8");
const named = (folder, pattern) => names(folder).find((name) => pattern.test(name));
const isSent = (name) => !/\.(br|gz)$|^_headers$/.test(name);

function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), "hosting-"));
  folders.push(folder);
  return folder;
}

// Returns a copy of the site, which a test may change.
function copy() {
  const folder = join(temporaryFolder(), "memory");
  cpSync(dist, folder, { recursive: true });
  return folder;
}

// Removes the compressed files, so that a single file may be replaced.
function uncompressed(folder) {
  for (const name of names(folder)) if (/\.(br|gz)$/.test(name)) rmSync(join(folder, name));
  return folder;
}

// Replaces the build in the folder by another one. A style sheet and the worker's program contain
// its `version`.
function rebuild(folder, version) {
  uncompressed(folder);
  appendFileSync(join(folder, named(folder, /^files\/components-.*css$/)), `\n:root { --version: ${version}; }`);
  appendFileSync(join(folder, named(folder, /^files\/worker-.*js$/)), `\n// ${version}`);
  finish(folder);
}

const policyOf = (folder) => /content="(default-src [^"]*)"/.exec(read(folder, "index.html"))[1];
const versionOf = (page) =>
  page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue("--version"));
const ready = (page) => page.locator('#app[data-ready="true"]').waitFor({ state: "attached" });

// Opens a panel, which the worker fills.
async function asks(page, id = "sweep") {
  await page.locator(`#tab_${id}`).click();
  await eventually(
    async () => assert.notEqual((await page.locator(`[id="${id}"] .panel`).innerText()).trim(), ""),
    10_000,
  );
}

const versionIn = (folder) => /"version":"(\w+)"/.exec(read(folder, "sw.js"))[1];
const caches = (page) => page.evaluate(async () => (await globalThis.caches.keys()).sort());

// Waits until the service worker has stored the whole build in the folder and controls the page.
async function isKept(page, folder) {
  const version = versionIn(folder);
  await eventually(async () => {
    const [state, files] = await page.evaluate(async (version) => {
      const { active, installing, waiting } = (await navigator.serviceWorker.getRegistration()) ?? {};
      const name = (await globalThis.caches.keys()).find((name) => name.endsWith(` ${version}`));
      const files = name ? (await (await globalThis.caches.open(name)).keys()).length : 0;
      return [active && !installing && !waiting && navigator.serviceWorker.controller?.state, files];
    }, version);
    assert.equal(state, "activated");
    assert.equal(files, Object.keys(JSON.parse(/^const BUILD = (.*);$/m.exec(read(folder, "sw.js"))[1]).files).length);
  }, 20_000);
}

// Runs `steps` on a page in a browser context with its own storage.
async function visit(site, steps) {
  const { browser } = await started;
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  try {
    await page.goto(site.address);
    await ready(page);
    await steps(page, context);
  } finally {
    await context.close();
  }
}

const slow = { timeout: 120_000 };

test("a changed file gets another name, and so does each file that names it", () => {
  const folder = copy();
  const before = names(folder);
  rebuild(folder, "second");
  const gone = before
    .filter((name) => isSent(name) && !existsSync(join(folder, name)))
    .map((name) => name.replace(/-\w{10}\./, "."));
  assert.deepEqual(gone.sort(), [
    "files/builder.js",
    "files/components.css",
    "files/worker.js",
    "files/worker_loader.js",
  ]);
  const index = read(folder, "index.html");
  for (const file of [/^files\/components-.*css$/, /^files\/worker_loader-/])
    assert.ok(index.includes(named(folder, file)));
  const loader = named(folder, /^files\/worker_loader-/);
  assert.ok(read(folder, loader).includes(posix.basename(named(folder, /^files\/worker-.*js$/))));
  assert.notEqual(versionIn(folder), versionIn(dist));
});

test("every file name has a digest, except those that others refer to", () => {
  const fixed = names(dist).filter((name) => isSent(name) && !/^files\/.*-[0-9a-f]{10}\.\w+$/.test(name));
  const known = /^(\w+\.html|sw\.js|embed\.js|licences\.txt|manifest\.webmanifest)$/;
  assert.deepEqual(
    fixed.filter((name) => !known.test(name)),
    [],
  );
  assert.ok(fixed.includes("index.html") && fixed.includes("sw.js"));
});

test("no file contains the path of the folder in which cargo keeps crates", () => {
  const naming = names(dist).filter((name) => readFileSync(join(dist, name)).includes("/registry/src/"));
  assert.deepEqual(naming, []);
});

test("nginx sends each file with its type, compression and the headers of the other hosts", slow, async () => {
  const folder = copy();
  const server = await nginx(join(folder, ".."));
  const types = {
    css: "text/css; charset=utf-8",
    csv: "text/csv; charset=utf-8",
    html: "text/html; charset=utf-8",
    js: "text/javascript; charset=utf-8",
    png: "image/png",
    svg: "image/svg+xml",
    txt: "text/plain; charset=utf-8",
    wasm: "application/wasm",
    webmanifest: "application/manifest+json",
  };
  const rules = rulesOf(read(folder, "_headers"));
  assert.equal(rules["/*"]["Content-Security-Policy"], policyOf(folder));
  try {
    for (const name of names(folder).filter(isSent)) {
      const encoding = async (accepted) => {
        const response = await fetch(server.address + name, { headers: { "accept-encoding": accepted } });
        assert.equal(
          Buffer.compare(Buffer.from(await response.arrayBuffer()), readFileSync(join(folder, name))),
          0,
          name,
        );
        return [response.headers, response.headers.get("content-encoding")];
      };
      const [headers, gzip] = await encoding("gzip");
      assert.equal(headers.get("content-type"), types[name.split(".").pop()], name);
      const expected = { "cache-control": "no-cache" };
      for (const [path, rule] of Object.entries(rules)) {
        if (!`/${name}`.startsWith(path.replace("*", ""))) continue;
        for (const [header, value] of Object.entries(rule)) expected[header.toLowerCase()] = value;
      }
      for (const [header, value] of Object.entries(expected))
        assert.equal(headers.get(header), value, `${header} of ${name}`);
      assert.equal(headers.get("x-frame-options"), null);
      // Compression does not reduce the loader, which has only a few bytes.
      if (!/\.(png|svg)$|loader/.test(name)) assert.equal(gzip, "gzip", name);
      if (hasBrotli && existsSync(join(folder, `${name}.br`)))
        assert.equal((await encoding("br, gzip"))[1], "br", name);
      if (/\.wasm$/.test(name))
        assert.ok(Number(headers.get("content-length")) < readFileSync(join(folder, name)).length / 2);
    }
    const missing = await fetch(`${server.address}files/page-0000000000.js`);
    assert.equal(missing.status, 404);
    assert.equal(missing.headers.get("cache-control"), null, "a missing file may exist later");
    assert.equal((await fetch(server.origin + "/memory")).url, server.address);
  } finally {
    await server.close();
  }
});

// Returns the blocks of a `_headers` file.
function rulesOf(text) {
  const rules = {};
  let rule;
  for (const line of text.split("\n").filter((line) => line && !line.startsWith("#"))) {
    if (line.startsWith("/")) rule = rules[line] = {};
    else rule[line.slice(0, line.indexOf(":")).trim()] = line.slice(line.indexOf(":") + 1).trim();
  }
  return rules;
}

test(
  "behind nginx the page works offline from the second visit on, and updates only to whole builds",
  slow,
  async () => {
    const folder = uncompressed(copy());
    const server = await nginx(join(folder, ".."));
    try {
      await visit(server, async (older, context) => {
        await older.evaluate(() => globalThis.caches.open("another site's"));
        await isKept(older, folder);

        await server.stop();
        const newer = await context.newPage();
        const goTo = async (address = "") => {
          await newer.goto(server.address + address);
          await ready(newer);
        };
        await goTo("#tp_size=2");
        await asks(newer);
        await goTo("index.html?embed=1#tp_size=4");
        assert.ok(await newer.locator("main.embedded").isVisible());
        if (existsSync(join(folder, "embed.html")))
          assert.equal((await newer.goto(`${server.address}embed.html`)).status(), 200);

        // During an update a host may send files of the newer build with the older document. The
        // service worker must not store these together.
        const [first, loader] = [versionIn(folder), named(folder, /^files\/worker_loader-/)];
        const second = copy();
        rebuild(second, "second");
        for (const part of ["files", "sw.js"]) cpSync(join(second, part), join(folder, part), { recursive: true });
        await server.start();
        await goTo();
        assert.equal(await newer.evaluate(outcome), "redundant");
        assert.equal(await versionOf(newer), "");
        assert.deepEqual((await caches(newer)).map((name) => name.split(" ").pop()).sort(), [first, "site's"].sort());

        rmSync(folder, { recursive: true });
        cpSync(second, folder, { recursive: true });
        await goTo("?");
        assert.equal(await versionOf(newer), "second", "the next navigation shows the newer build");
        await asks(newer);
        const asked = await newer.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name));
        const files = asked.filter((name) => name.includes("/files/")).map((name) => name.slice(server.address.length));
        assert.ok(files.length > 5);
        assert.deepEqual(
          files.filter((name) => !existsSync(join(folder, name))),
          [],
          "the newer page requested files of the older build",
        );
        await isKept(newer, folder);
        // The page that stayed open still gets its own files, which the host no longer has.
        assert.equal(existsSync(join(folder, loader)), false);
        assert.equal(
          await older.evaluate(async (loader) => (await fetch(loader, { cache: "reload" })).status, loader),
          200,
        );
        await asks(older);

        rebuild(folder, "third");
        await goTo("?again");
        assert.equal(await versionOf(newer), "third");
        await isKept(newer, folder);
        const kept = [versionIn(second), versionIn(folder), "site's"].sort();
        await eventually(async () =>
          assert.deepEqual((await caches(newer)).map((name) => name.split(" ").pop()).sort(), kept),
        );

        server.hang();
        await goTo("?slow");
        assert.equal(await versionOf(newer), "third", "a host that does not respond counts as offline");
        server.resume();

        await server.stop();
        await goTo("?offline");
        assert.equal(await versionOf(newer), "third");
        await asks(newer);
      });
    } finally {
      await server.close();
    }
  },
);

// Replaces the stored copies of the program with other bytes of the same type.
const garble = (page) =>
  page.evaluate(async () => {
    let garbled = 0;
    for (const name of (await globalThis.caches.keys()).filter((name) => name.startsWith("trtllm-memory "))) {
      const cache = await globalThis.caches.open(name);
      for (const { url } of await cache.keys()) {
        if (!/\/page-\w+\.js$|\/page-\w+_bg\.wasm$|_bg-\w+\.wasm$/.test(url)) continue;
        const { headers } = await cache.match(url);
        await cache.put(url, new Response("garbled", { headers }));
        garbled += 1;
      }
    }
    return garbled;
  });

// Returns the addresses of stored copies that differ from the file in the folder.
async function damaged(page, folder) {
  const version = versionIn(folder);
  const copies = await page.evaluate(async (version) => {
    const name = (await globalThis.caches.keys()).find((name) => name.endsWith(` ${version}`));
    const cache = await globalThis.caches.open(name);
    const hex = async ({ url }) => {
      const digest = await crypto.subtle.digest("SHA-256", await (await cache.match(url)).arrayBuffer());
      return [url, Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("")];
    };
    return Promise.all((await cache.keys()).map(hex));
  }, version);
  const differs = ([url, digest]) =>
    createHash("sha256")
      .update(readFileSync(join(folder, url.split("/memory/")[1])))
      .digest("hex") !== digest;
  return copies.filter(differs).map(([url]) => url);
}

const failure = (page) => page.locator("#failure");
const again = (page) => failure(page).getByRole("button", { name: "Reload with your settings" });

// The page's folder is named "memory" here, so that the address of a copy determines its file.
async function onNginx(steps) {
  const folder = uncompressed(copy());
  const server = await nginx(join(folder, ".."));
  try {
    await visit(server, async (page) => {
      await isKept(page, folder);
      await steps(page, folder, server);
    });
  } finally {
    await server.close();
  }
}

test("a damaged copy of the program is replaced at the next visit, also for offline visits", slow, () =>
  onNginx(async (page, folder, server) => {
    assert.ok((await garble(page)) >= 2);
    assert.ok((await damaged(page, folder)).length >= 2);
    await page.reload();
    await ready(page);
    assert.equal(await failure(page).isVisible(), false);
    await asks(page);
    assert.deepEqual(await damaged(page, folder), []);
    await server.stop();
    await page.reload();
    await ready(page);
  }),
);

test("a newer build does not take over damaged copies of files that it shares with the older build", slow, () =>
  onNginx(async (page, folder) => {
    const shared = named(folder, /^files\/page-\w+\.js$/);
    const before = versionIn(folder);
    rebuild(folder, "second");
    assert.equal(named(folder, /^files\/page-\w+\.js$/), shared, "the file keeps its name");
    assert.notEqual(versionIn(folder), before);
    assert.ok((await garble(page)) >= 2);
    // Only the service worker is updated, so that the older one serves nothing in between.
    assert.notEqual(await page.evaluate(outcome), "redundant");
    await isKept(page, folder);
    assert.deepEqual(await damaged(page, folder), []);
    await page.reload();
    await ready(page);
    assert.equal(await versionOf(page), "second");
  }),
);

test("a service worker that does not check copies is replaced, and the page starts again", slow, () =>
  onNginx(async (page, folder) => {
    const checks = "async function isIntact(name, copy) {";
    const program = read(folder, "sw.js");
    assert.ok(program.includes(checks));
    const careless = program
      .replace(checks, `${checks} return true;`)
      .replace(/"version":"\w+"/, '"version":"careless"');
    writeFileSync(join(folder, "sw.js"), careless);
    await page.evaluate(outcome);
    await isKept(page, folder);
    assert.ok((await garble(page)) >= 2);
    await page.reload();
    await again(page).waitFor();
    writeFileSync(join(folder, "sw.js"), program);
    // The browser looks for a newer service worker at each navigation. The older one may still
    // answer that navigation.
    await eventually(async () => {
      if (await failure(page).isVisible()) await again(page).click();
      await page.locator('#app[data-ready="true"]').waitFor({ state: "attached", timeout: 3000 });
    }, 20_000);
    await isKept(page, folder);
    assert.deepEqual(await damaged(page, folder), []);
  }),
);

test("reloading from the failure page replaces a damaged copy in the browser's own cache", slow, async () => {
  const folder = uncompressed(copy());
  const headers = { "cache-control": "public, max-age=31536000, immutable" };
  const site = await serve(folder, { headers });
  const { browser } = await started;
  const context = await browser.newContext();
  const program = join(folder, named(folder, /^files\/page.*\.wasm$/));
  const bytes = readFileSync(program);
  try {
    const page = await context.newPage();
    writeFileSync(program, "garbled");
    await page.goto(`${site.address}#tp_size=2`);
    await again(page).waitFor();
    writeFileSync(program, bytes);
    await again(page).click();
    await page.locator('#app[data-ready="true"]').waitFor({ state: "attached" });
    assert.equal(await page.evaluate(() => location.hash.includes("tp_size=2")), true);
    assert.equal(await failure(page).isVisible(), false);
  } finally {
    await context.close();
    site.close();
  }
});

// Returns the state of the host's current service worker after its installation.
async function outcome() {
  const registration = await navigator.serviceWorker.getRegistration();
  const found = new Promise((end) => (registration.onupdatefound = () => end(registration.installing)));
  registration.update().catch(() => {});
  const worker = await found;
  while (worker.state === "installing") await new Promise((later) => setTimeout(later, 25));
  return worker.state;
}

test("no part of the page sends a request to another host or violates the page's policy", slow, async () => {
  const reports = [];
  const headers = { "content-security-policy": `${policyOf(dist)}; report-uri report` };
  const site = await serve(dist, { headers, posted: (report) => reports.push(report) });
  try {
    await visit(site, async (page, context) => {
      const addresses = recorded(context);
      await page.reload();
      await ready(page);
      for (const tab of await page.getByRole("tab").all())
        await asks(page, (await tab.getAttribute("id")).replace("tab_", ""));
      await isKept(page, dist);
      await page.goto(`${site.address}?embed=1`);
      await ready(page);
      if (existsSync(join(dist, "embed.html"))) {
        await page.goto(`${site.address}embed.html`);
        await page.waitForLoadState("networkidle");
      }
      assert.ok(addresses.length > 10);
      assert.deepEqual(
        addresses.filter((address) => !address.startsWith(site.origin)),
        [],
      );
      assert.deepEqual(reports, []);

      // Deliberate requests to another host are detected in each part.
      await page.goto(site.address);
      await ready(page);
      await asks(page);
      const places = { page, worker: page.workers()[0], service: context.serviceWorkers()[0] };
      for (const [place, of] of Object.entries(places)) {
        await of.evaluate((place) => fetch(`http://elsewhere.invalid/${place}`).catch(() => {}), place);
        const seen = () => [...addresses, ...reports].some((text) => text.includes(`elsewhere.invalid/${place}`));
        await eventually(() => assert.ok(seen(), `a request of the ${place} was not detected`));
      }
    });
  } finally {
    site.close();
  }
});

// Records the addresses that the pages of a context, their workers and their service workers
// request, except data in the page itself.
function recorded(context) {
  const addresses = [];
  context.on("request", (request) => {
    if (/^https?:/.test(request.url())) addresses.push(request.url());
  });
  return addresses;
}

test("the page can be installed", slow, async () => {
  const { chromium } = fromPackages("playwright-core");
  const site = await serve(dist);
  const options = {
    executablePath: chromiumProgram,
    headless: true,
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  };
  // Private contexts do not allow installation.
  const context = await chromium.launchPersistentContext(temporaryFolder(), options);
  try {
    const page = await context.newPage();
    await page.goto(site.address);
    await ready(page);
    const session = await context.newCDPSession(page);
    const { url, errors, manifest } = await session.send("Page.getAppManifest");
    assert.equal(url, `${site.address}manifest.webmanifest`);
    assert.deepEqual(errors, []);
    assert.equal(manifest.startUrl, site.address);
    assert.equal(manifest.scope, site.address);
    const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
    assert.deepEqual(installabilityErrors, []);
    const icons = JSON.parse(read(dist, "manifest.webmanifest")).icons;
    for (const { src, sizes } of icons) assert.equal(await sizeOf(page, src), sizes === "any" ? sizes : `${sizes}`);
    const apple = await page.locator('link[rel="apple-touch-icon"]').getAttribute("href");
    assert.equal(await sizeOf(page, apple), "180x180");
  } finally {
    await context.close();
    site.close();
  }
});

// Returns the size of a picture, or `any` for SVG.
const sizeOf = (page, address) =>
  page.evaluate(async (address) => {
    if (address.endsWith(".svg")) return (await (await fetch(address)).text()).includes("<svg") ? "any" : "none";
    const image = new Image();
    image.src = address;
    await image.decode();
    return `${image.naturalWidth}x${image.naturalHeight}`;
  }, address);

const troubled = {
  "are not supported": () => Object.defineProperty(Navigator.prototype, "serviceWorker", { value: undefined }),
  "are refused": () => {
    navigator.serviceWorker.register = () => Promise.reject(new DOMException("no", "SecurityError"));
  },
  "throw on access": () =>
    Object.defineProperty(Navigator.prototype, "serviceWorker", {
      get() {
        throw new DOMException("no", "SecurityError");
      },
    }),
};

for (const [what, before] of Object.entries(troubled)) {
  test(`the page works without errors if service workers ${what}`, slow, async () => {
    const { page, context, troubles } = await open(await started, { before });
    try {
      await page.waitForRequest(/offline-\w+\.js/);
      await asks(page);
      await page.waitForTimeout(200);
      assert.deepEqual(troubles, []);
    } finally {
      await context.close();
    }
  });
}

test("in another page's frame no service worker is registered", slow, async () => {
  const { browser, site } = await started;
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(`${site.address}404.html`);
    const asked = page.waitForRequest(/offline-\w+\.js/);
    await page.evaluate((address) => {
      document.body.append(Object.assign(document.createElement("iframe"), { src: address }));
    }, `${site.address}?embed=1`);
    await asked;
    await page.waitForTimeout(500);
    assert.equal(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length), 0);
  } finally {
    await context.close();
  }
});

test("the script in hosting/withdraw removes the service worker and all of its caches", slow, async () => {
  const folder = copy();
  const site = await serve(folder);
  try {
    await visit(site, async (page) => {
      await page.evaluate(() => globalThis.caches.open("another site's"));
      await isKept(page, folder);
      cpSync(hosting("withdraw/sw.js"), join(folder, "sw.js"));
      await page.goto(`${site.address}?`);
      await eventually(async () => {
        assert.equal(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length), 0);
        assert.deepEqual(await caches(page), ["another site's"]);
      }, 10_000);
      await page.reload();
      await ready(page);
      assert.equal(await page.evaluate(() => navigator.serviceWorker.controller), null);
    });
  } finally {
    site.close();
  }
});
