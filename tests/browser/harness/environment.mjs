// What `cargo xtask` passes on: where the site, the npm packages, the browser, the native command and a web server are.
import { createRequire } from "node:module";
import { join } from "node:path";

function given(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the scenarios by \`cargo xtask test --only browser\``);
  return value;
}

export const dist = given("TRTLLM_MEMORY_DIST");
export const nativeCommand = given("TRTLLM_MEMORY_BIN");
export const chromiumProgram = given("CHROMIUM");
// Where documentation tools are; what does not build documentation needs none.
export const documentationTools = () => ({
  python: given("TRTLLM_MEMORY_PYTHON"),
  mdbook: given("TRTLLM_MEMORY_MDBOOK"),
});
export const fromPackages = createRequire(join(given("TRTLLM_MEMORY_PACKAGES"), "package.json"));
// Only what is served by it asks for it.
export const nginxProgram = () => given("NGINX");
