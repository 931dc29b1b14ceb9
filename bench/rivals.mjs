// Others that keep a process and its output. Each function runs the command to its end and returns the
// milliseconds until all its output was where that program keeps it; it throws one sentence when that fails.
import fs from "node:fs";
import path from "node:path";
import { here, inFolder, run, start, time, until } from "./lib.mjs";

/** What tools/deps unpacks here instead of installing it. */
const unpacked = path.join(here, "rivals");

function size(file) {
  return fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** task-spooler points the command's output at a file and is out of the way. */
function taskSpooler(command) {
  return inFolder(async (folder) => {
    const env = { ...process.env, TMPDIR: folder, TS_SOCKET: path.join(folder, "socket") };
    await run("tsp", ["-S", "1"], { env });
    try {
      return await time(async () => {
        await run("tsp", command, { env });
        await run("tsp", ["-w"], { env });
      });
    } finally {
      await run("tsp", ["-K"], { env });
    }
  });
}

/** Rotates at 256 MiB, the most it can. */
function s6Log(command) {
  return inFolder((folder) =>
    time(() => run("sh", ["-c", '"$@" | s6-log n20 s268435455 "$0"', path.join(folder, "log"), ...command])),
  );
}

/** conmon starts its command through a container runtime; a script stands in for one. */
function conmon(command) {
  return inFolder((folder) => {
    const file = (name) => path.join(folder, name);
    fs.writeFileSync(
      file("runtime"),
      `#!/bin/sh
[ "$1" = create ] || exit 0
${command.map((word) => `'${word}'`).join(" ")} &
echo $! >'${file("pid")}'
`,
      { mode: 0o700 },
    );
    fs.mkdirSync(file("exit"));
    const args = [
      "--sync",
      "--cid",
      "bench",
      "--cuuid",
      "bench",
      "--runtime",
      file("runtime"),
      "--bundle",
      folder,
      "--log-path",
      `k8s-file:${file("log")}`,
      "--container-pidfile",
      file("pid"),
      "--exit-dir",
      file("exit"),
      "--socket-dir-path",
      folder,
    ];
    return time(async () => {
      await run("conmon", args);
      await until("conmon", () => fs.existsSync(file("exit/bench")));
    });
  });
}

function supervisord(command, bytes) {
  return inFolder(async (folder) => {
    const log = path.join(folder, "log");
    const conf = path.join(folder, "conf");
    fs.writeFileSync(
      conf,
      `[supervisord]
nodaemon=true
logfile=${folder}/supervisord.log
pidfile=${folder}/pid
[program:bench]
command=${command.join(" ")}
autorestart=false
startsecs=0
stdout_logfile=${log}
stdout_logfile_maxbytes=0
redirect_stderr=true
`,
    );
    const env = { ...process.env, PYTHONPATH: path.join(unpacked, "supervisor/usr/lib/python3/dist-packages") };
    const from = performance.now();
    const daemon = start("python3", [path.join(unpacked, "supervisor/usr/bin/supervisord"), "-c", conf], {
      env,
      stdio: "ignore",
    });
    try {
      await until("supervisord", () => size(log) >= bytes);
      return performance.now() - from;
    } finally {
      await daemon.end();
    }
  });
}

/** The manager of the OpenCode plugin that hob replaces, under bun as OpenCode would run it. */
function opencodeBackground(command, bytes) {
  const bun = fs
    .readdirSync(path.join(here, "node_modules/@oven"))
    .filter((name) => name.startsWith("bun-linux"))
    .map((name) => path.join(here, "node_modules/@oven", name, "bin/bun"))[0];
  return inFolder(async (folder) => {
    const result = JSON.parse(await run(bun, [path.join(here, "seed.mjs"), command.join(" ")], { cwd: folder }));
    if (result.bytes < bytes)
      throw new Error(
        `${result.status} at ${Math.round(result.bytes / 1048576)} MiB, with ${result.rss} MiB of memory`,
      );
    return result.ms;
  });
}

export const rivals = {
  "task-spooler": taskSpooler,
  "s6-log": s6Log,
  conmon,
  supervisord,
  "opencode-background 0.2.2": opencodeBackground,
};
