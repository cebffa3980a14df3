// Reads the structure of a WebAssembly program.

const [CUSTOM, IMPORTS, CODE] = [0, 2, 10];

// Returns the number of imported functions, whose indices precede all others; the lengths of the
// other functions; the names of functions by index, if present; and the lengths of the sections.
export function readWasm(bytes) {
  let at = 8;

  // Reads a number in LEB128.
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

  // Reads the imports, and returns the number of functions among them.
  function importedFunctions() {
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

  const [lengths, names, sections] = [[], new Map(), new Map()];
  let imported = 0;
  while (at < bytes.length) {
    const id = bytes[at++];
    const length = number();
    const end = at + length;
    sections.set(id, length);
    if (id === IMPORTS) {
      imported = importedFunctions();
    } else if (id === CODE) {
      for (let left = number(); left > 0; left -= 1) {
        const size = number();
        at += size;
        lengths.push(size);
      }
    } else if (id === CUSTOM && text() === "name") {
      while (at < end) {
        const [kind, size] = [bytes[at++], number()];
        const after = at + size;
        if (kind === 1) for (let left = number(); left > 0; left -= 1) names.set(number(), text());
        at = after;
      }
    }
    at = end;
  }
  return { imported, lengths, names, sections };
}
