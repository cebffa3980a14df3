// Writes each file of the folder given that compression makes smaller once more as .gz and .br, for servers that send those as they are.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const dist = process.argv[2];
const paths = readdirSync(dist, { recursive: true }).map((name) => join(dist, name));
await Promise.all(
  paths.filter((path) => /\.(css|csv|html|js|svg|wasm|webmanifest)$/.test(path)).map(async (path) => {
    const bytes = readFileSync(path);
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
    const packed = { br: await promisify(brotliCompress)(bytes, { params }), gz: await promisify(gzip)(bytes, { level: 9 }) };
    for (const [extension, small] of Object.entries(packed)) {
      if (small.length < bytes.length) writeFileSync(`${path}.${extension}`, small);
    }
  }),
);
