// Documentation sites, built by the real tools from the sources in tests/sites.
import { execFile } from "node:child_process";
import { cp, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { dist, documentationTools, nativeCommand } from "./environment.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const SOURCES = join(ROOT, "tests/sites");

// Runs a program and returns its output on both streams. An error contains that output too.
function run(program, words, environment = {}) {
  // Colour codes would separate the words that a test looks for.
  const env = { ...process.env, NO_COLOR: "1", PYTHONDONTWRITEBYTECODE: "1", ...environment };
  return new Promise((resolve, reject) => {
    execFile(program, words, { env }, (error, output, complaint) => {
      if (error) reject(new Error(`${program} ${words.join(" ")}\n${output}${complaint}`));
      else resolve(output + complaint);
    });
  });
}

export const python = (words, environment) => run(join(documentationTools().python, "python"), words, environment);

// Installs the Sphinx extension into `folder` with pip, as an author does.
export async function installExtension(folder) {
  const options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-index", "--no-build-isolation"];
  await python(["-m", "pip", "install", ...options, "--target", folder, join(ROOT, "integrations/sphinx")]);
  return folder;
}

// Runs Sphinx's `builder` over `source`, by default the sample site, and returns its output.
// `settings` override those of conf.py.
export function sphinx(
  extension,
  builder,
  output,
  { source = join(SOURCES, "sphinx"), trees = `${output}-trees`, settings = {} } = {},
) {
  const all = { trtllm_memory_site: dist, trtllm_memory_command: nativeCommand, ...settings };
  const definitions = Object.entries(all).map(([name, value]) => `-D${name}=${value}`);
  const words = ["-m", "sphinx", "--jobs=2", "-b", builder, "-d", trees, ...definitions, source, output];
  return python(words, { PYTHONPATH: extension });
}

// Copies a tool's sample site, with the calculator's site at the place that the sample expects.
async function sample(name, calculator, work) {
  const source = join(work, name);
  await cp(join(SOURCES, name), source, { recursive: true });
  await cp(dist, join(source, calculator), { recursive: true });
  return source;
}

export async function mkdocs(work, output) {
  const source = await sample("mkdocs", "docs/memory", work);
  await python([
    "-m",
    "mkdocs",
    "build",
    "--strict",
    "--config-file",
    join(source, "mkdocs.yml"),
    "--site-dir",
    output,
  ]);
}

export async function mdbook(work, output) {
  const source = await sample("mdbook", "src/memory", work);
  await mkdir(output, { recursive: true });
  await run(join(documentationTools().mdbook, "mdbook"), ["build", source, "--dest-dir", output]);
}
