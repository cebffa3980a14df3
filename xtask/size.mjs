// Prints raw bytes, brotli bytes, `first` or `later`, and the name of each file in the folder given, between tabs.
// A file belongs to the first load if index.html names it, or a text file that itself belongs to it.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { basename, join, relative, sep } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

const dist = process.argv[2];
// What is named for later: the worker's program, the looks of its panels, the lists of what the address doesn't name, what only an installed
// page shows, modules that are imported on demand, and what only paper or a reader's own few colours need.
const FOR_LATER =
  /data-(worker|styles|models|gpus|presets)=[^\s>]+|<link[^>]*rel="?(apple-touch-icon|manifest)[^>]*>|<link[^>]*media="?(print|\(forced)[^>]*>|import\("[^"]*"\)/g;
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
  const text = file.bytes.toString("utf8").replace(FOR_LATER, "");
  waiting.push(...files.filter((other) => !other.first && text.includes(basename(other.path))));
}

for (const { path, bytes, first } of files) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  const brotli = brotliCompressSync(bytes, { params }).length;
  const name = relative(dist, path).split(sep).join("/");
  console.log([bytes.length, brotli, first ? "first" : "later", name].join("\t"));
}
