// Prints what weighs most in a program that still has the names of its functions: bytes of code by module, and the data.
// The page's own modules are told apart, of other crates the crate; what several share, such as formatting, counts as the standard library's.
import { readFileSync } from "node:fs";
import { read } from "./wasm.mjs";

const MOST = 16;
const OWN = "trtllm_memory";
const STANDARD = new Set(["core", "alloc", "std", "__rustc", "f64", "str", "char", "T", "dyn"]);

const { imported, bodies, names, sections } = read(readFileSync(process.argv[2]));

// The module of a function by its name, such as `<trtllm_memory::chart::Bar as core::fmt::Debug>::fmt::h0123`.
function module(name = "") {
  const path = name.replace(/^[<&(]+(mut )?/, "").replace(/\[[0-9a-f]+\]/g, "").match(/^\w+(::\w+)*/)?.[0].split("::") ?? [];
  if (path[0] === OWN || path[0] === "page") return path.length > 2 ? `${OWN}::${path[1]}` : OWN;
  // A closure or destructor of the page's that the standard library calls is the page's.
  const own = name.match(/trtllm_memory::(\w+)::/);
  if (own) return `${OWN}::${own[1]}`;
  return !path[0] || STANDARD.has(path[0]) || path.length < 2 ? "standard library" : path[0];
}

const weights = new Map([["data: texts, tables, catalogues", sections.get(11) ?? 0]]);
bodies.forEach(({ length }, index) => {
  const name = module(names.get(imported + index));
  weights.set(name, (weights.get(name) ?? 0) + length);
});
const total = [...weights.values()].reduce((sum, weight) => sum + weight);
const sorted = [...weights].sort(([, a], [, b]) => b - a);
for (const [name, weight] of sorted.slice(0, MOST))
  console.log(`${String(weight).padStart(10)} ${((weight / total) * 100).toFixed(1).padStart(8)} %  ${name}`);
const rest = sorted.slice(MOST).reduce((sum, [, weight]) => sum + weight, 0);
console.log(`${String(rest).padStart(10)} ${((rest / total) * 100).toFixed(1).padStart(8)} %  ${Math.max(sorted.length - MOST, 0)} others`);
