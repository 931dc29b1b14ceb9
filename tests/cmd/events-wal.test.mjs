// A reader that does not read holds nobody up: the registry's WAL stays small while it waits for a full pipe.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { SlowReader } from "./lib/asking.mjs";
import { newLab } from "./lib/lab.mjs";
import { alive } from "./lib/processes.mjs";
import { HOB, quote } from "./lib/programs.mjs";
import { waitUntil } from "./lib/wait.mjs";

const MIB = 1 << 20;

/** Adds N events of 3,000 bytes, a transaction each, as so many scribes would. */
async function write(lab, n) {
  const one =
    "BEGIN IMMEDIATE; INSERT INTO events(task, type, at_ms, cursor, message) VALUES('a', 'notify', 1, 0, printf('%03000d', 7)); COMMIT;\n";
  const child = spawn("sqlite3", ["-cmd", ".timeout 10000", path.join(lab.home, "hob.db")], {
    stdio: ["pipe", "inherit", "inherit"],
  });
  child.stdin.end(`PRAGMA synchronous = OFF;\n${one.repeat(n)}`);
  assert.deepEqual(await once(child, "exit"), [0, null]);
}

const wal = (lab) => fs.statSync(path.join(lab.home, "hob.db-wal")).size;

for (const args of [
  ["events", "--json"],
  ["events", "-f", "--since", "0", "--json"],
  ["list", "--json"],
])
  test(`hob ${args.join(" ")}, whose reader sleeps`, async (t) => {
    const lab = newLab(t);
    await lab.run(["--id", "a", "sleep", "1000"]);
    // Far more than a pipe holds.
    if (args[0] === "list") for (let i = 0; i < 10; i++) await lab.run(["true", "x".repeat(100_000)]);
    else await write(lab, 600);
    const pipe = new SlowReader(lab);
    const reader = lab.spawn(["sh", "-c", `exec ${[HOB, ...args].map(quote).join(" ")} >${quote(pipe.path)}`]);
    await waitUntil(() => pipe.taste(), "the first bytes");

    // A WAL that is pinned would take some 16 KiB for each of these, 64 MiB in the end; some of that is others' for a
    // moment, whose tasks have just ended.
    for (let round = 1; round <= 8; round++) {
      await write(lab, 500);
      assert.ok(wal(lab) <= 32 * MIB, `${wal(lab)} bytes after ${round * 500} events`);
    }
    assert.ok(alive(reader.pid), "it still waits for its reader");

    pipe.read();
    if (args.includes("-f")) {
      await lab.must(["notify", "the last"], { env: { HOB_ID: "a" } });
      await waitUntil(() => pipe.text.includes("the last"), "all there are");
      pipe.close();
    }
    await pipe.end;
    const { code, stderr } = await reader.done;
    assert.deepEqual([code, stderr], [0, ""]);
    if (args[0] === "list") assert.equal(JSON.parse(pipe.text).length, 11);
    else
      assert.deepEqual(
        numbers(pipe.text).slice(0, 4601),
        Array.from({ length: 4601 }, (_, i) => i + 1),
      );
  });

const numbers = (text) =>
  text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line).seq);
