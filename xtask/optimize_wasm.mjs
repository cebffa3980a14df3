// Optimises the WebAssembly programs of a site with wasm-opt.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

// The folder of the optimised programs with function names, for the list of sizes by module.
const NAMED = fileURLToPath(new URL("../target/named", import.meta.url));

// The features that the Rust target uses.
const FEATURES = [
  "bulk-memory",
  "nontrapping-float-to-int",
  "sign-ext",
  "mutable-globals",
  "reference-types",
  "multivalue",
].map((feature) => `--enable-${feature}`);
// The page is part of the first load and must be small. A second -Oz finds a little more. Less
// inlining and no local-cse help brotli: it shortens repeated calls and expressions more than the
// bodies and variables that would replace them.
const SMALL = [
  "-Oz",
  "-Oz",
  "--flexible-inline-max-function-size=0",
  "--always-inline-max-function-size=0",
  "--one-caller-inline-max-function-size=20",
  "--skip-pass=local-cse",
];
// The worker loads later and must be fast, which is up to the compiler: -O3 takes minutes here and
// gains little.
const FAST = ["-O2"];
// No Rust program uses the first 1,024 bytes of memory, which permits smaller offsets of loads.
const PASSES = { page: [...SMALL, "--low-memory-unused"], worker: [...FAST, "--low-memory-unused"] };
const STRIP = ["--strip-debug", "--strip-producers", "--strip-target-features"];

export function run(program, options, input) {
  // On Windows, the programs of npm packages are shell scripts.
  const shell = process.platform === "win32";
  return execFileSync(program, options, { encoding: "utf8", maxBuffer: 1 << 26, input, shell });
}

// Optimises the programs in the root of the site. A finished site has none there: they are in the
// folder of files named by their contents.
export function optimizeWasm(site) {
  mkdirSync(NAMED, { recursive: true });
  for (const file of readdirSync(site).filter((file) => file.endsWith("_bg.wasm"))) {
    const name = file.replace(/(-[0-9a-f]+)?_bg\.wasm$/, "");
    const [program, named] = [join(site, file), join(NAMED, `${name}.wasm`)];
    run("wasm-opt", [program, "-o", named, ...FEATURES, ...PASSES[name], "--debuginfo"]);
    run("wasm-opt", [named, "-o", program, ...FEATURES, ...STRIP]);
  }
}
