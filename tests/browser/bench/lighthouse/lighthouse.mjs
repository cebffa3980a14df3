// Lighthouse's four scores for a phone and a desktop, and its failed audits. Its package has a
// folder of its own, because only this benchmark needs it.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromiumProgram, dist } from "../../harness/environment.mjs";
import { serve } from "../../harness/site.mjs";
import { line } from "../figures.mjs";

const from = createRequire(join(process.env.TRTLLM_MEMORY_LIGHTHOUSE, "package.json"));
const load = (name) => import(pathToFileURL(from.resolve(name)));
const { default: lighthouse, desktopConfig } = await load("lighthouse");
const { launch } = await load("chrome-launcher");

const site = await serve(dist, { compressed: true });
const chrome = await launch({
  chromePath: chromiumProgram,
  chromeFlags: ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
try {
  for (const [name, config] of [
    ["phone", undefined],
    ["desktop", desktopConfig],
  ]) {
    const { lhr } = await lighthouse(site.address, { port: chrome.port, logLevel: "error" }, config);
    const marks = Object.values(lhr.categories).map(({ title, score }) => `${title} ${Math.round(score * 100)}`);
    line(`Lighthouse ${lhr.lighthouseVersion}, ${name}`, marks.join(", "));
    const figures = [
      "first-contentful-paint",
      "largest-contentful-paint",
      "total-blocking-time",
      "cumulative-layout-shift",
      "speed-index",
    ];
    line("", figures.map((id) => `${lhr.audits[id].title} ${lhr.audits[id].displayValue}`).join(", "));
    for (const { auditRefs } of Object.values(lhr.categories))
      for (const { id, weight } of auditRefs) {
        const { score, scoreDisplayMode, title, displayValue = "" } = lhr.audits[id];
        if (weight > 0 && score !== null && score < 1 && scoreDisplayMode !== "informative")
          line(`  ${id}`, `${title} ${displayValue}`);
      }
  }
} finally {
  await chrome.kill();
  site.close();
}
