// Runs a benchmark that cargo built for WebAssembly, in Node, made quick as the worker's program is.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const run = (program, ...options) =>
  execFileSync(program, options, { stdio: ["ignore", "ignore", "inherit"], shell: process.platform === "win32" });

const folder = mkdtempSync(join(tmpdir(), "trtllm-memory-bench-"));
try {
  run("wasm-bindgen", process.argv[2], "--target", "nodejs", "--no-typescript", "--out-dir", folder, "--out-name", "bench");
  const program = join(folder, "bench_bg.wasm");
  run("wasm-opt", program, "-o", program, "-O3", "--all-features");
  await import(pathToFileURL(join(folder, "bench.js")));
} finally {
  rmSync(folder, { recursive: true });
}
