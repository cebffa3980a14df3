// Chromium, and pages of the calculator in it.
import { chromiumProgram, dist, fromPackages } from "./environment.mjs";
import { serve } from "./site.mjs";

const { chromium } = fromPackages("playwright-core");

// Containers forbid the sandbox. The browser opens only the project's own pages.
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const DESKTOP = { width: 1280, height: 800 };
export const PHONE = { width: 320, height: 640 };

export async function start({ folder = dist, ...options } = {}) {
  const site = await serve(folder, options);
  const browser = await chromium.launch({ executablePath: chromiumProgram, headless: true, args: FLAGS });
  const close = async () => {
    await browser.close();
    site.close();
  };
  return { site, browser, close };
}

// Opens the calculator with `link` as its fragment and waits for its first picture, unless scripts
// are off or the page is expected to `fail`. With another `path` of the site it waits for nothing.
// `before` runs in the page before the calculator's scripts. `prepare` gets a DevTools session of
// the page before that. Requests for paths that match `missing` get status 404.
// `troubles` collects errors in the browser, failed requests and requests to other hosts.
export async function open(
  { site, browser },
  {
    path = "",
    link = "",
    query = "",
    viewport = DESKTOP,
    colorScheme = "light",
    scripts = true,
    fail = false,
    before,
    prepare,
    missing,
    permissions = [],
  } = {},
) {
  const context = await browser.newContext({ viewport, colorScheme, javaScriptEnabled: scripts, permissions });
  const page = await context.newPage();
  if (before) await page.addInitScript(before);
  if (prepare) await prepare(await context.newCDPSession(page));
  if (missing)
    await page.route(
      (url) => missing.test(url.pathname),
      (route) => route.fulfill({ status: 404 }),
    );
  page.setDefaultTimeout(10_000);
  const troubles = [];
  page.on("console", (message) => {
    if (message.type() === "error") troubles.push(`error: ${message.text()}`);
  });
  page.on("pageerror", (error) => troubles.push(`exception: ${error.message}`));
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol.startsWith("http") && origin !== site.origin) troubles.push(`request to ${request.url()}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) troubles.push(`${response.status()} for ${response.url()}`);
  });
  await page.goto(site.address + path + query + (link && `#${link}`));
  if (scripts && !fail && !path) await page.locator('#app[data-ready="true"]').waitFor({ state: "attached" });
  return { page, context, troubles };
}
