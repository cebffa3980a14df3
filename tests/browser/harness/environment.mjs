// The environment variables of `cargo xtask`: paths of the site, the npm packages, the browser, the
// native command, documentation tools and a web server.
import { createRequire } from "node:module";
import { join } from "node:path";

function given(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the tests by \`cargo xtask test --only browser\``);
  return value;
}

export const dist = given("TRTLLM_MEMORY_DIST");
export const nativeCommand = given("TRTLLM_MEMORY_BIN");
export const chromiumProgram = given("CHROMIUM");
// A function, because only some tests need documentation tools.
export const documentationTools = () => ({
  python: given("TRTLLM_MEMORY_PYTHON"),
  mdbook: given("TRTLLM_MEMORY_MDBOOK"),
});
export const fromPackages = createRequire(join(given("TRTLLM_MEMORY_PACKAGES"), "package.json"));
// A function, because only some tests need nginx.
export const nginxProgram = () => given("NGINX");
