// Writes a .gz and a .br copy of each file in the given folder, unless the copy would be larger.
// Web servers send the copies as they are.
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
    const br = await promisify(brotliCompress)(bytes, { params });
    const gz = await promisify(gzip)(bytes, { level: 9 });
    for (const [extension, compressed] of Object.entries({ br, gz })) {
      if (compressed.length < bytes.length) writeFileSync(`${path}.${extension}`, compressed);
    }
  }),
);
