// Serves only one folder, at a nested path of the host, as documentation does.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { names } from "../../../xtask/finish_site.mjs";

const FOLDER = "/docs/nested/calculator/";

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".csv": "text/csv; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
};

// Starts on a free port. `address` is the page's address without a fragment. Each response also has
// the `headers`; `posted` gets the bodies of POST requests. With `compressed`, files are compressed
// with brotli in advance, as on a good host.
export async function serve(folder, { compressed = false, headers = {}, posted } = {}) {
  const packed = new Map();
  for (const name of compressed ? names(folder) : [])
    packed.set(name, brotliCompressSync(await readFile(join(folder, name))));
  const more = compressed
    ? { ...headers, "content-encoding": "br", "cache-control": "public, max-age=31536000" }
    : headers;
  const server = createServer(async (request, response) => {
    if (request.method === "POST") {
      posted?.(Buffer.concat(await request.toArray()).toString());
      return response.writeHead(204).end();
    }
    const path = decodeURIComponent(new URL(request.url, "http://site").pathname);
    // Browsers request it from every host if a page names no icon.
    if (path === "/favicon.ico") return response.writeHead(204).end();
    const name = path.slice(FOLDER.length).replace(/(^|\/)$/, "$1index.html");
    try {
      if (!path.startsWith(FOLDER) || normalize(name).startsWith("..")) throw new Error("outside the folder");
      const bytes = packed.get(name) ?? (await readFile(join(folder, name)));
      response.writeHead(200, { "content-type": TYPES[extname(name)] ?? "application/octet-stream", ...more });
      response.end(bytes);
    } catch {
      response.writeHead(404, { "content-type": "text/plain" }).end("not found");
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return { origin, address: origin + FOLDER, close: () => server.close() };
}
