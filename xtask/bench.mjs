// Runs a benchmark, which cargo built for WebAssembly, in Node.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const run = (program, ...options) =>
  execFileSync(program, options, { stdio: ["ignore", "ignore", "inherit"], shell: process.platform === "win32" });

const folder = mkdtempSync(join(tmpdir(), "trtllm-memory-bench-"));
try {
  const options = ["--target", "nodejs", "--no-typescript", "--out-dir", folder, "--out-name", "bench"];
  run("wasm-bindgen", process.argv[2], ...options);
  await import(pathToFileURL(join(folder, "bench.js")));
} finally {
  rmSync(folder, { recursive: true });
}
