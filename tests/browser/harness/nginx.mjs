// A real nginx that serves a folder with the configuration in hosting/nginx.conf.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { nginxProgram } from "./environment.mjs";

const HOSTING = fileURLToPath(new URL("../../../hosting/nginx.conf", import.meta.url));
const BROTLI = join(dirname(nginxProgram()), "../lib/nginx/modules/ngx_http_brotli_static_module.so");
// The path in Debian. Other installations may lack the module.
export const hasBrotli = existsSync(BROTLI);

async function freePort() {
  const server = createServer();
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

const listens = (port) =>
  new Promise((answer) => {
    const socket = connect(port, "127.0.0.1", () => answer(true));
    socket.on("error", () => answer(false)).on("connect", () => socket.end());
  });

// Serves the folder `root`. The server can be stopped and started again at the same address.
export async function nginx(root) {
  const port = await freePort();
  const prefix = mkdtempSync(join(tmpdir(), "nginx-"));
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${kind};`);
  writeFileSync(
    join(prefix, "nginx.conf"),
    `${hasBrotli ? `load_module ${BROTLI};` : ""}
    daemon off; master_process off; pid nginx.pid;
    events {}
    http {
      access_log off; ${temporary.join(" ")}
      server { listen 127.0.0.1:${port}; root ${root}; ${hasBrotli ? "brotli_static on;" : ""} include ${HOSTING}; }
    }`,
  );
  let child;

  async function start() {
    let said = "";
    child = spawn(nginxProgram(), ["-p", prefix, "-c", "nginx.conf", "-e", "stderr"], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    child.stderr.on("data", (text) => (said += text));
    while (!(await listens(port))) {
      if (child.exitCode !== null) throw new Error(`nginx exited: ${said}`);
      await new Promise((later) => setTimeout(later, 25));
    }
  }

  async function stop() {
    if (child?.exitCode !== null) return;
    const ended = new Promise((exit) => child.once("exit", exit));
    child.kill("SIGTERM");
    await ended;
  }

  // A suspended server accepts connections but does not respond.
  const hang = () => child.kill("SIGSTOP");
  const resume = () => child.kill("SIGCONT");

  async function close() {
    resume();
    await stop();
    rmSync(prefix, { recursive: true });
  }

  await start();
  const origin = `http://127.0.0.1:${port}`;
  return { origin, address: `${origin}/memory/`, start, stop, hang, resume, close };
}
