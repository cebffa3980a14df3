// The order of a program's functions in which it compresses best: what looks alike stands together, because a compressor spends fewer
// bytes on a repetition the nearer it is.
import { read, withNames } from "./wasm.mjs";

// What more functions than these share is common, and no likeness.
const COMMON = 400;
// How many of the functions before one it is compared with, and by how much each counts less than the one after it.
const COMPARED = 16;
const FADING = 0.9;
// Added to what a function consists of, so that tiny ones don't stand before what shares more.
const TINY = 30;

// The places of bodies in the order wanted: each time that of which the largest part stands in the last few already. What they share is
// counted in runs of four bytes.
function alike(bodies) {
  const runs = bodies.map((body) => {
    const found = new Set();
    for (let at = 0; at + 4 <= body.length; at += 1) found.add(body.readUInt32LE(at));
    return [...found];
  });
  const holders = new Map();
  runs.forEach((found, index) => {
    for (const run of found) {
      if (holders.has(run)) holders.get(run).push(index);
      else holders.set(run, [index]);
    }
  });
  const left = new Set(bodies.keys());
  const order = [];
  for (let next = 0; next !== undefined; ) {
    order.push(next);
    left.delete(next);
    const shared = new Float64Array(bodies.length);
    const counted = new Set();
    order.slice(-COMPARED).reverse().forEach((index, distance) => {
      for (const run of runs[index]) {
        if (counted.has(run) || holders.get(run).length > COMMON) continue;
        counted.add(run);
        for (const other of holders.get(run)) shared[other] += FADING ** distance;
      }
    });
    let most = -1;
    next = undefined;
    for (const index of left) {
      const part = shared[index] / (runs[index].length + TINY);
      if (part > most) [most, next] = [part, index];
    }
  }
  return order;
}

// The program, whose functions are named by the places that they should have, of equally many digits.
export function namedByPlace(bytes) {
  const { imported, bodies } = read(bytes);
  const digits = String(bodies.length).length;
  const names = alike(bodies).map((index, place) => [imported + index, String(place).padStart(digits, "0")]);
  return withNames(bytes, names);
}
