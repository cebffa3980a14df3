// Reads what a program, as WebAssembly, consists of.

// The number of functions that are imported, which come first where functions are counted; of the others their bodies, each after its
// length; their names by those numbers, if the program still has them; and the bytes of its sections by their kinds.
export function read(bytes) {
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

  // Of imports that are no functions only the bytes count.
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

  const [bodies, names, sections] = [[], new Map(), new Map()];
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
        const start = at;
        const size = number();
        at += size;
        bodies.push(bytes.subarray(start, at));
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
  return { imported, bodies, names, sections };
}

// A number in LEB128.
function written(number) {
  const bytes = [];
  for (; number >= 128; number = Math.floor(number / 128)) bytes.push((number % 128) + 128);
  return [...bytes, number];
}

// The program, which has no names yet, with those of these functions, by their numbers.
export function withNames(bytes, names) {
  const text = (name) => [...written(name.length), ...Buffer.from(name, "latin1")];
  const sorted = [...names].sort(([a], [b]) => a - b);
  const functions = [...written(sorted.length), ...sorted.flatMap(([index, name]) => [...written(index), ...text(name)])];
  const section = [...text("name"), 1, ...written(functions.length), ...functions];
  return Buffer.concat([bytes, Buffer.from([0, ...written(section.length), ...section])]);
}
