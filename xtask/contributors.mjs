// Prints what weighs most in a program that still has the names of its functions: bytes of code by module, and the data.
// The page's own modules are told apart, of other crates the crate; what several share, such as formatting, counts as the standard library's.
import { readFileSync } from "node:fs";

const MOST = 16;
const OWN = "trtllm_memory";
const STANDARD = new Set(["core", "alloc", "std", "__rustc", "f64", "str", "char", "T", "dyn"]);

const bytes = readFileSync(process.argv[2]);
let at = 8;

// A number in LEB128, as everything in a program is counted.
function number() {
  for (let result = 0, scale = 1; ; scale *= 128) {
    const byte = bytes[at++];
    result += (byte % 128) * scale;
    if (byte < 128) return result;
  }
}

function text() {
  const length = number();
  at += length;
  return bytes.toString("utf8", at - length, at);
}

// Functions that are imported have the first numbers; of the other imports only the bytes count.
function functionsImported() {
  let count = 0;
  for (let left = number(); left > 0; left -= 1) {
    text();
    text();
    const kind = bytes[at++];
    if (kind === 0) count += 1;
    if (kind === 1 || kind === 3) at += 1;
    const limits = kind === 1 || kind === 2 ? number() : 0;
    if (kind !== 3) number();
    else at += 1;
    if (limits % 2 === 1) number();
  }
  return count;
}

const [code, names, sections] = [[], new Map(), new Map()];
let imported = 0;
while (at < bytes.length) {
  const id = bytes[at++];
  const length = number();
  const end = at + length;
  sections.set(id, length);
  if (id === 2) {
    imported = functionsImported();
  } else if (id === 10) {
    for (let left = number(); left > 0; left -= 1) {
      const size = number();
      code.push(size);
      at += size;
    }
  } else if (id === 0 && text() === "name") {
    while (at < end) {
      const [kind, size] = [bytes[at++], number()];
      const after = at + size;
      if (kind === 1) for (let left = number(); left > 0; left -= 1) names.set(number(), text());
      at = after;
    }
  }
  at = end;
}

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
code.forEach((size, index) => {
  const name = module(names.get(imported + index));
  weights.set(name, (weights.get(name) ?? 0) + size);
});
const total = [...weights.values()].reduce((sum, weight) => sum + weight);
const sorted = [...weights].sort(([, a], [, b]) => b - a);
for (const [name, weight] of sorted.slice(0, MOST))
  console.log(`${String(weight).padStart(10)} ${((weight / total) * 100).toFixed(1).padStart(8)} %  ${name}`);
const rest = sorted.slice(MOST).reduce((sum, [, weight]) => sum + weight, 0);
console.log(`${String(rest).padStart(10)} ${((rest / total) * 100).toFixed(1).padStart(8)} %  ${Math.max(sorted.length - MOST, 0)} others`);
