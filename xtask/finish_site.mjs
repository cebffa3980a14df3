// Finishes a site that Trunk built: optimises the programs, minifies the scripts, names files by
// their contents and writes the service worker. Trunk runs this as a hook (Trunk.toml), so that
// `trunk build`, `cargo xtask build` and `cargo xtask serve` make the same site. A finished folder
// may be finished again.
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join, posix, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { optimizeWasm, run } from "./optimize_wasm.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
// The folder of files named by their contents, which browsers may cache forever.
const FILES = "files";
// Files that others refer to by address, and that keep their names.
const FIXED = /\.(html|webmanifest)$|^(_headers|embed\.js|licences\.txt|sw\.js)$/;
const TEXT = /\.(html|js|css|webmanifest)$/;
// Files that no page requests, and the copies that xtask/compress.mjs makes.
const NOT_CACHED = /^(404\.html|_headers|licences\.txt|sw\.js)$|\.(br|gz)$/;

const STEPS = [optimizeWasm, minify, nameByContents, writeServiceWorker];

export function finish(folder) {
  for (const step of STEPS) step(folder);
}

// Returns the names of the files below the folder, with slashes, without the hidden files of Trunk.
export function names(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => !name.startsWith(".") && statSync(join(folder, name)).isFile())
    .map((name) => name.split(sep).join("/"))
    .sort();
}

// Minifies the scripts: Trunk does not minify copied scripts, and its minifier does not know all of
// the JavaScript syntax in use.
function minify(folder) {
  const isSource = (name) => name.endsWith(".js") && !FIXED.test(name) && !name.startsWith(FILES);
  for (const name of names(folder).filter(isSource)) {
    const path = join(folder, name);
    writeFileSync(path, run("terser", ["--module", "--compress", "passes=2", "--mangle"], readFileSync(path, "utf8")));
  }
}

function digest(bytes, encoding) {
  return createHash("sha256").update(bytes).digest(encoding);
}

// Moves each file without a fixed name to FILES, under a name that changes with its contents, and
// updates all references. A browser with one file of a build thus never gets a file of another
// build.
function nameByContents(folder) {
  const all = names(folder);
  const renamed = new Map();

  // Renames a file, after the files that it refers to, and returns its new name.
  const rename = (name, referrers) => {
    if (referrers.includes(name)) throw new Error(`circular references: ${[...referrers, name].join(", ")}`);
    if (!renamed.has(name)) {
      const { dir, base } = posix.parse(name);
      const newDir = FIXED.test(name) || dir.startsWith(FILES) ? dir : posix.join(FILES, dir);
      const bytes = withNewNames(name, newDir, [...referrers, name]);
      const newName = posix.join(newDir, FIXED.test(name) ? base : nameOf(base, bytes));
      mkdirSync(join(folder, newDir), { recursive: true });
      renameSync(join(folder, name), join(folder, newName));
      writeFileSync(join(folder, newName), bytes);
      renamed.set(name, newName);
    }
    return renamed.get(name);
  };

  const withNewNames = (name, newDir, referrers) => {
    const bytes = readFileSync(join(folder, name));
    if (!TEXT.test(name)) return bytes;
    // An address in quotes, in url(…) of CSS, or without quotes in minified HTML.
    return bytes.toString("utf8").replace(/(?<=["'(=])[\w./-]+(?=["')\s>])/g, (address) => {
      const target = posix.join(posix.dirname(name), address);
      if (FIXED.test(target) || !all.includes(target)) return address;
      const newAddress = posix.relative(newDir, rename(target, referrers));
      return newAddress.startsWith(".") ? newAddress : `./${newAddress}`;
    });
  };

  for (const name of all) if (!NOT_CACHED.test(name)) rename(name, []);
}

function nameOf(base, bytes) {
  const { name, ext } = posix.parse(base.replace(/-[0-9a-f]{10}(?=\.)/, ""));
  return `${name}-${digest(bytes, "hex").slice(0, 10)}${ext}`;
}

// Writes the service worker: the list of files that it caches, then its source. `cargo xtask serve`
// uses the one that uninstalls itself, so that no browser shows an outdated page during
// development.
function writeServiceWorker(folder) {
  const path = join(folder, "sw.js");
  if (process.env.TRTLLM_MEMORY_SERVE) return copyFileSync(join(ROOT, "hosting/withdraw/sw.js"), path);
  const source = readFileSync(join(ROOT, "web/js/sw.js"), "utf8");
  const cached = names(folder).filter((name) => !NOT_CACHED.test(name));
  const integrity = (name) => `sha256-${digest(readFileSync(join(folder, name)), "base64")}`;
  const files = Object.fromEntries(cached.map((name) => [name, integrity(name)]));
  const version = digest(source + JSON.stringify(files), "hex").slice(0, 10);
  writeFileSync(path, `const BUILD = ${JSON.stringify({ version, files })};\n${source}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) finish(process.argv[2] ?? process.env.TRUNK_STAGING_DIR);
