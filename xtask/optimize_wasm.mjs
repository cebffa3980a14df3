// Makes the programs small, or quick, in the folder that becomes the site.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { namedByPlace } from "./order.mjs";

// The programs with the names of their functions, for the list of what weighs most.
const named = fileURLToPath(new URL("../target/named", import.meta.url));

const FEATURES = ["bulk-memory", "nontrapping-float-to-int", "sign-ext", "mutable-globals", "reference-types", "multivalue"];
// The page loads at once. What is inlined less compresses better, and so does what is written twice, and functions beside those of like
// names; each pass finds a little more, if the first leaves some of the instructions alone.
const SMALL = ["-fimfs=0", "-aimfs=0", "-ocimfs=20", "--low-memory-unused", "--skip-pass=local-cse", "--reorder-functions-by-name"];
// In the end once more for the variables alone, which the passes before leave in no good order.
const FEWER_LOCALS = ["--simplify-locals-nostructure", "--vacuum", "--coalesce-locals-learning", "--reorder-locals"];
// The worker's program loads later and is to be quick, which the compiler saw to: -O3 takes minutes here and gains little.
const EFFORT = { page: ["-Oz", "-Oz", ...SMALL, "--skip-pass=optimize-instructions"], answers: ["-O2", "--low-memory-unused"] };
const LAST_EFFORT = { page: ["-Oz", ...SMALL, ...FEWER_LOCALS], answers: [] };
const SHORT = ["--minify-imports-and-exports-and-modules", "--strip-debug", "--strip-producers", "--strip-target-features"];

export function run(program, options, input) {
  // On Windows npm's programs are scripts of the shell.
  const shell = process.platform === "win32";
  return execFileSync(program, options, { encoding: "utf8", maxBuffer: 1 << 26, input, shell });
}

const wasmOpt = (from, to, options) => run("wasm-opt", [from, "-o", to, ...FEATURES.map((feature) => `--enable-${feature}`), ...options]);

// Bindings with the short names: they mention an export as `wasm.name`, and an import as a key, as they do the module of all imports.
function renamed(text, { imports, exports }) {
  const names = new Map([...imports.map(([, name, short]) => [name, short]), ...exports]);
  const short = (name) => names.get(name) ?? name;
  return text
    .replace(/(?<=\bwasm\.)\w+/g, short)
    .replace(/(?<=^\s+)\w+(?=: )/gm, short)
    .replace(/"\.\/\w+_bg\.js"(?=: )/, "a")
    .replace("export { initSync, ", "export { ");
}

// What is packed already no longer stands here, but in the folder of files that are named by their contents.
export function pack(site) {
  mkdirSync(named, { recursive: true });
  for (const file of readdirSync(site).filter((file) => file.endsWith("_bg.wasm"))) {
    const name = file.replace(/(-[0-9a-f]+)?_bg\.wasm$/, "");
    const [program, full] = [join(site, file), join(named, `${name}.wasm`)];
    wasmOpt(program, full, [...EFFORT[name], "--debuginfo"]);
    const names = JSON.parse(wasmOpt(full, program, [...LAST_EFFORT[name], ...SHORT]));
    writeFileSync(program, namedByPlace(readFileSync(program)));
    wasmOpt(program, program, ["--reorder-functions-by-name", "--strip-debug", "--strip-target-features"]);
    const bindings = join(site, file.replace("_bg.wasm", ".js"));
    writeFileSync(bindings, renamed(readFileSync(bindings, "utf8"), names));
  }
}
