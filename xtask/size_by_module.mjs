// Prints the largest parts of a WebAssembly program with function names: the code of each module of
// this crate and of each other crate, and the data. Code that several crates share, such as
// formatting, counts as the standard library.
import { readFileSync } from "node:fs";
import { readWasm } from "./read_wasm.mjs";

const LINES = 16;
// The number of the data section.
const DATA = 11;
const OWN = "trtllm_memory";
const STANDARD = new Set(["core", "alloc", "std", "__rustc", "f64", "str", "char", "T", "dyn"]);

const { imported, lengths, names, sections } = readWasm(readFileSync(process.argv[2]));

// Returns the module of a function from its name, such as
// `<trtllm_memory::chart::Bar as core::fmt::Debug>::fmt::h0123`.
function module(name = "") {
  const plain = name.replace(/^[<&(]+(mut )?/, "").replace(/\[[0-9a-f]+\]/g, "");
  const path = plain.match(/^\w+(::\w+)*/)?.[0].split("::") ?? [];
  if (path[0] === OWN || path[0] === "page") return path.length > 2 ? `${OWN}::${path[1]}` : OWN;
  // A closure or destructor of this crate that the standard library calls.
  const own = name.match(/trtllm_memory::(\w+)::/);
  if (own) return `${OWN}::${own[1]}`;
  return !path[0] || STANDARD.has(path[0]) || path.length < 2 ? "standard library" : path[0];
}

const sizes = new Map([["data: texts, tables, catalogues", sections.get(DATA) ?? 0]]);
lengths.forEach((length, index) => {
  const name = module(names.get(imported + index));
  sizes.set(name, (sizes.get(name) ?? 0) + length);
});
const total = [...sizes.values()].reduce((sum, size) => sum + size);
const sorted = [...sizes].sort(([, a], [, b]) => b - a);
const rest = sorted.slice(LINES);
const restSize = rest.reduce((sum, [, size]) => sum + size, 0);
for (const [name, size] of [...sorted.slice(0, LINES), [`${rest.length} others`, restSize]]) {
  const share = ((size / total) * 100).toFixed(1);
  console.log(`${String(size).padStart(10)} ${share.padStart(8)} %  ${name}`);
}
