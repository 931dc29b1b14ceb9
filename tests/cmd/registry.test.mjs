// State folders and databases that hob must not use: one clear sentence each, and not a byte of them changed.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { refused, sql, watching } from "./lib/asking.mjs";
import { newLab } from "./lib/lab.mjs";
import { HOB } from "./lib/programs.mjs";
import { waitUntil } from "./lib/wait.mjs";

const nobody = 65534;

/** Every way to the registry: those that read, those that write, and what each says with on failure. */
const COMMANDS = [
  [1, ["run", "touch", "started"]],
  [1, ["run", "--wait", "touch", "started"]],
  [125, ["run", "-f", "touch", "started"]],
  ...[["list"], ["show", "a"], ["logs", "a"], ["wait", "a"], ["kill", "a"], ["kill", "--all"], ["restart", "a"]].map(
    (args) => [1, args],
  ),
  ...[["events"], ["events", "-f"], ["clean", "--all-finished"]].map((args) => [1, args]),
];

/** One that reads, one that writes, one that ends something. */
const FEW = COMMANDS.filter(([, args]) => ["run touch started", "list", "kill --all"].includes(args.join(" ")));

/** Names, modes and bytes of all that is in a folder. SQLite's own shared memory is no content. */
function contents(folder) {
  const list = fs
    .readdirSync(folder, { recursive: true })
    .sort()
    .filter((name) => !name.endsWith("-shm"));
  return list.map((name) => {
    const file = path.join(folder, name);
    const { mode, uid } = fs.statSync(file);
    return [name, mode, uid, fs.statSync(file).isFile() ? fs.readFileSync(file).toString("hex") : ""];
  });
}

/** A lab with one ended task "a", whose database is one file: what its WAL held is in it. */
async function settled(t, options) {
  const lab = newLab(t, options);
  await lab.ended(await lab.run(["--id", "a", "echo", "x"]));
  // Once its keepers, and whoever tidies up after them, have ended, the last to close moves what the WAL holds and
  // removes it.
  await waitUntil(async () => {
    await sql(lab, "SELECT count(*) FROM tasks");
    return !fs.existsSync(path.join(lab.home, "hob.db-wal")) && !lab.processes().length;
  }, "nobody has the database open");
  return lab;
}

/** None of COMMANDS does anything but say a sentence that fits PATTERNS; what is in the folder stays as it is. */
async function isRefused(lab, commands, ...patterns) {
  const before = contents(lab.home);
  for (const [code, args] of commands) await refused(lab, code, args, ...patterns);
  const after = contents(lab.home).filter(([name, , , bytes]) => !(name === "hob.db-wal" && bytes === ""));
  assert.deepEqual(after, before);
  assert.ok(!fs.existsSync(path.join(lab.work, "started")));
}

/** The lab is none any more: its registry is broken, but it may be removed. */
const discard = (lab) => fs.rmSync(lab.home, { recursive: true });

test("a database of a newer hob", async (t) => {
  const lab = await settled(t);
  await sql(lab, "PRAGMA user_version = 1000");
  await isRefused(
    lab,
    COMMANDS,
    new RegExp(
      `registry ${lab.home}/hob.db was written by a newer hob \\(schema 1000, this one knows \\d+\\): update this hob`,
    ),
  );
  discard(lab);
});

/** Overwrites the database from byte FROM up to byte TO. */
function damage(lab, from, to) {
  const fd = fs.openSync(path.join(lab.home, "hob.db"), "r+");
  const size = fs.fstatSync(fd).size;
  fs.writeSync(fd, Buffer.alloc(Math.min(to, size) - from, "damage "), 0, undefined, from);
  fs.closeSync(fd);
}

const damaged = (lab) =>
  new RegExp(
    `registry ${lab.home}/hob.db is damaged \\(.*\\): move that folder away to start afresh; nothing was changed`,
  );

test("a file that is no database", async (t) => {
  const lab = await settled(t);
  damage(lab, 0, Infinity);
  await isRefused(lab, COMMANDS, damaged(lab));
  discard(lab);
});

test("a database whose pages are damaged", async (t) => {
  const lab = await settled(t);
  damage(lab, 4096, Infinity);
  await isRefused(lab, COMMANDS, damaged(lab));
  discard(lab);
});

test("a database that was cut", async (t) => {
  const lab = await settled(t);
  const file = path.join(lab.home, "hob.db");
  fs.truncateSync(file, 4096);
  await isRefused(lab, COMMANDS, damaged(lab));
  discard(lab);
});

test("a folder where the database should be", async (t) => {
  const lab = newLab(t);
  fs.mkdirSync(path.join(lab.home, "hob.db"), { recursive: true });
  fs.chmodSync(lab.home, 0o700);
  await isRefused(lab, FEW, new RegExp(`cannot write the registry ${lab.home}/hob.db`));
  discard(lab);
});

test("a state folder that is open to others", async (t) => {
  const lab = await settled(t);
  for (const mode of [0o777, 0o750, 0o701]) {
    fs.chmodSync(lab.home, mode);
    const text = mode.toString(8).padStart(4, "0");
    await isRefused(
      lab,
      FEW,
      new RegExp(`state folder ${lab.home} is open to others \\(mode ${text}\\): run chmod 700 on it if it is hob's alone, `),
    );
    assert.equal(fs.statSync(lab.home).mode & 0o7777, mode);
  }
  fs.chmodSync(lab.home, 0o700);
});

test("a state folder of another user", async (t) => {
  const lab = await settled(t);
  fs.chownSync(lab.home, nobody, nobody);
  await isRefused(
    lab,
    FEW,
    new RegExp(
      `state folder ${lab.home} belongs to user ${nobody}, not to you \\(0\\): set HOB_HOME to a folder of yours`,
    ),
  );
  fs.chownSync(lab.home, 0, 0);
});

// ---- as an ordinary user ----

/** A lab like the one above, of user nobody. */
async function settledOfNobody(t) {
  // Below the runner's own folder he may not look.
  const lab = await settled(t, { under: "/var/tmp" });
  fs.chmodSync(lab.dir, 0o711);
  const bin = path.join(lab.dir, "hob");
  fs.copyFileSync(HOB, bin);
  fs.chmodSync(bin, 0o755);
  execFileSync("chown", ["-R", `${nobody}:${nobody}`, lab.home, lab.work, path.join(lab.dir, "home")]);
  lab.hob = (args) =>
    lab.spawn(["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups", bin, ...args]).done;
  return lab;
}

test("a state folder that another user keeps closed", async (t) => {
  const lab = await settledOfNobody(t);
  fs.chownSync(lab.home, 0, 0);
  await isRefused(lab, FEW, new RegExp(`cannot open the state folder ${lab.home}: Permission denied`));
  discard(lab);
});

for (const [what, modes] of [
  ["a read-only state folder", { ".": 0o500, "hob.db": 0o400, bell: 0o400 }],
  ["a read-only state folder with files that are not", { ".": 0o500 }],
  ["a read-only database", { "hob.db": 0o400 }],
  ["a database that may not be read", { "hob.db": 0 }],
])
  test(what, async (t) => {
    const lab = await settledOfNobody(t);
    for (const [name, mode] of Object.entries(modes)) fs.chmodSync(path.join(lab.home, name), mode);
    await isRefused(lab, COMMANDS, new RegExp(`registry ${lab.home}/hob.db`), /writ(e|ten)|HOB_HOME/);
    fs.chmodSync(lab.home, 0o700);
    discard(lab);
  });

// ---- where it is ----

test("no place at all, or one that cannot be", async (t) => {
  const lab = newLab(t);
  const env = { ...lab.env };
  const refusedAt = (home, pattern) => {
    lab.env = { ...env, ...home };
    for (const [name, value] of Object.entries(lab.env)) if (value === undefined) delete lab.env[name];
    return refused(lab, 1, ["list"], pattern);
  };
  await refusedAt(
    { HOB_HOME: undefined, HOME: undefined },
    /no place for hob's state: set HOB_HOME \(or HOME\) to a folder of yours/,
  );
  await refusedAt({ HOB_HOME: "/proc/none/below" }, /cannot make the state folder \/proc\/none\/below \(set HOB_HOME/);
  await refusedAt({ HOB_HOME: "/dev/null" }, /cannot open the state folder \/dev\/null: Not a directory/);
  await refusedAt({ HOB_HOME: "/dev/null/below" }, /state folder \/dev\/null\/below.*Not a directory/);
  lab.env = env;
});

test("HOB_HOME, else XDG_STATE_HOME, else ~/.local/state; made private with all above it", async (t) => {
  const lab = newLab(t);
  const used = async (env, folder) => {
    const { stdout } = await lab.hob(["run", "sh", "-c", "exit"], { env });
    assert.match(stdout, /^\w{5}\n$/);
    assert.equal(fs.statSync(folder).mode & 0o7777, 0o700);
    assert.equal(fs.statSync(path.dirname(folder)).mode & 0o7777, 0o700);
    await waitUntil(
      async () => (await lab.hob(["list", "--status", "running", "-q"], { env })).stdout === "",
      "it ended",
    );
  };
  await used({ HOB_HOME: path.join(lab.dir, "a", "b") }, path.join(lab.dir, "a", "b"));
  await used({ HOB_HOME: undefined, XDG_STATE_HOME: path.join(lab.dir, "xdg") }, path.join(lab.dir, "xdg", "hob"));
  await used({ HOB_HOME: undefined, XDG_STATE_HOME: undefined }, path.join(lab.dir, "home", ".local", "state", "hob"));
  await used({ HOB_HOME: "../relative/state" }, path.join(lab.dir, "relative", "state"));
});

for (const runtime of [false, true])
  test(`a path of 200 characters, ${runtime ? "with" : "without"} XDG_RUNTIME_DIR: everything works`, async (t) => {
    const lab = newLab(t);
    if (runtime) {
      lab.env.XDG_RUNTIME_DIR = path.join(lab.dir, "runtime");
      fs.mkdirSync(lab.env.XDG_RUNTIME_DIR, { mode: 0o700 });
    }
    const rest = 200 - lab.dir.length - 1;
    lab.env.HOB_HOME = lab.home = path.join(
      lab.dir,
      "d".repeat(Math.floor(rest / 2)),
      "e".repeat(rest - Math.floor(rest / 2) - 1),
    );
    assert.equal(lab.home.length, 200);
    const follower = lab.start(["events", "-f", "--json"]);
    await watching(follower);
    const id = await lab.run([
      "sh",
      "-c",
      "trap 'echo bye; exit 4' TERM; echo OPENCODE_NOTIFY:hello; sleep 1000 & wait",
    ]);
    await waitUntil(() => follower.out.includes("hello"), "the event");
    assert.equal((await lab.show(id)).processes.length, 2);
    // The keeper obeys: a signal from outside would not be its words.
    await lab.kill(id);
    const task = await lab.show(id);
    assert.deepEqual([task.status, task.reason, task.exitCode], ["cancelled", "request", 4]);
    assert.equal(await lab.raw(id), "OPENCODE_NOTIFY:hello\nbye\n");
    const again = (await lab.must(["restart", id])).trim();
    await lab.kill("--all", "--grace", "0");
    await lab.must(["wait", again]);
    assert.equal((await lab.hob(["run", "-f", "sh", "-c", "exit 6"])).code, 6);
    await lab.must(["clean", "--all-finished"]);
    follower.kill();
    await follower.done;
  });
