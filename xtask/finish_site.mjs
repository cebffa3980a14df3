// What a site still lacks when Trunk has built it. Trunk runs this on the folder (Trunk.toml), so that `trunk build`,
// `cargo xtask build` and `cargo xtask serve` make the same site. A folder that is finished already may be finished again.
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join, posix, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { pack, run } from "./optimize_wasm.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
// Where files stand whose names tell their contents; what a host may let browsers keep for good.
const FILES = "files";
// What others know by its address, so that it keeps its name.
const FIXED = /\.(html|webmanifest)$|^(_headers|embed\.js|licences\.txt|sw\.js)$/;
const TEXT = /\.(html|js|css|webmanifest)$/;
// What no page asks for, and what `xtask/compress.mjs` makes of the others.
const NOT_KEPT = /^(404\.html|_headers|licences\.txt|sw\.js)$|\.(br|gz)$/;

const STEPS = [pack, minify, nameByContents, writeServiceWorker];

export function finish(folder) {
  for (const step of STEPS) step(folder);
}

// The names of the files below the folder, with slashes, but for what Trunk hides there while it works.
export function names(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => !name.startsWith(".") && statSync(join(folder, name)).isFile())
    .map((name) => name.split(sep).join("/"))
    .sort();
}

// Trunk minifies no script that it copies, nor one with words of JavaScript that its minifier doesn't know.
function minify(folder) {
  for (const name of names(folder).filter((name) => name.endsWith(".js") && !FIXED.test(name) && !name.startsWith(FILES))) {
    const path = join(folder, name);
    writeFileSync(path, run("terser", ["--module", "--compress", "passes=2", "--mangle"], readFileSync(path, "utf8")));
  }
}

function digest(bytes, encoding) {
  return createHash("sha256").update(bytes).digest(encoding);
}

// Moves each file that isn't known by its address to FILES, under a name that changes with its contents, and writes the new names
// where the old ones stood. So whoever has a file that names others never gets another build's in their place.
function nameByContents(folder) {
  const all = names(folder);
  const renamed = new Map();

  // The new name of a file, which has it from then on. The files that it names get theirs first.
  const rename = (name, namedBy) => {
    if (namedBy.includes(name)) throw new Error(`these files name each other: ${[...namedBy, name].join(", ")}`);
    if (!renamed.has(name)) {
      const { dir, base } = posix.parse(name);
      const newDir = FIXED.test(name) || dir.startsWith(FILES) ? dir : posix.join(FILES, dir);
      const bytes = withNewNames(name, newDir, [...namedBy, name]);
      const newName = posix.join(newDir, FIXED.test(name) ? base : nameOf(base, bytes));
      mkdirSync(join(folder, newDir), { recursive: true });
      renameSync(join(folder, name), join(folder, newName));
      writeFileSync(join(folder, newName), bytes);
      renamed.set(name, newName);
    }
    return renamed.get(name);
  };

  const withNewNames = (name, newDir, namedBy) => {
    const bytes = readFileSync(join(folder, name));
    if (!TEXT.test(name)) return bytes;
    // An address as it stands in quotes, in CSS's url(…), or bare in minified HTML.
    return bytes.toString("utf8").replace(/(?<=["'(=])[\w./-]+(?=["')\s>])/g, (address) => {
      const target = posix.join(posix.dirname(name), address);
      if (FIXED.test(target) || !all.includes(target)) return address;
      const newAddress = posix.relative(newDir, rename(target, namedBy));
      return newAddress.startsWith(".") ? newAddress : `./${newAddress}`;
    });
  };

  for (const name of all) if (!NOT_KEPT.test(name)) rename(name, []);
}

function nameOf(base, bytes) {
  const { name, ext } = posix.parse(base.replace(/-[0-9a-f]{10}(?=\.)/, ""));
  return `${name}-${digest(bytes, "hex").slice(0, 10)}${ext}`;
}

// The service worker: its source, after the list of what it keeps. While sources are edited (`cargo xtask serve`) it's the one that
// withdraws, so that no page outlives its sources in the browser.
function writeServiceWorker(folder) {
  const path = join(folder, "sw.js");
  if (process.env.TRTLLM_MEMORY_SERVE) return copyFileSync(join(ROOT, "hosting/withdraw/sw.js"), path);
  const source = readFileSync(join(ROOT, "src/web/site/sw.js"), "utf8");
  const kept = names(folder).filter((name) => !NOT_KEPT.test(name));
  const files = Object.fromEntries(kept.map((name) => [name, `sha256-${digest(readFileSync(join(folder, name)), "base64")}`]));
  const version = digest(source + JSON.stringify(files), "hex").slice(0, 10);
  writeFileSync(path, `const BUILD = ${JSON.stringify({ version, files })};\n${source}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) finish(process.argv[2] ?? process.env.TRUNK_STAGING_DIR);
