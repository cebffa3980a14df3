// Prints one line for each file in the given folder: raw bytes, brotli bytes, `first` or `later`,
// and the name, separated by tabs. A file is part of the first load if index.html or another text
// file of the first load mentions it.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { basename, join, relative, sep } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

const dist = process.argv[2];
// Mentions of files that load later.
const LATER = [
  // The worker, the style sheet of its panels, and the lists of models, GPUs and presets.
  /data-(worker|styles|models|gpus|presets)=[^\s>]+/g,
  // Files of an installed page.
  /<link[^>]*rel="?(apple-touch-icon|manifest)[^>]*>/g,
  // Style sheets for printing and for forced colours.
  /<link[^>]*media="?(print|\(forced)[^>]*>/g,
  // Modules imported on demand.
  /import\("[^"]*"\)/g,
];
const files = readdirSync(dist, { recursive: true })
  .map((name) => join(dist, name))
  .filter((path) => statSync(path).isFile())
  .sort()
  .map((path) => ({ path, bytes: readFileSync(path), first: false }));

const waiting = files.filter(({ path }) => path === join(dist, "index.html"));
while (waiting.length > 0) {
  const file = waiting.pop();
  file.first = true;
  if (!/\.(html|js|mjs|css)$/.test(file.path)) continue;
  const text = LATER.reduce((text, mention) => text.replace(mention, ""), file.bytes.toString("utf8"));
  waiting.push(...files.filter((other) => !other.first && text.includes(basename(other.path))));
}

for (const { path, bytes, first } of files) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  const brotli = brotliCompressSync(bytes, { params }).length;
  const name = relative(dist, path).split(sep).join("/");
  console.log([bytes.length, brotli, first ? "first" : "later", name].join("\t"));
}
