// What a task costs: memory and wake-ups while it is idle, and the time of the commands that agents wait for.
import fs from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { gen, hobBin, median, numbers, quantile, run, start, startTasks, time, until, withHob } from "./lib.mjs";

function read(pid, name) {
  return fs.readFileSync(`/proc/${pid}/${name}`, "utf8");
}

/** Guards and keepers of HOB, as pids: {id: {guard, keeper}}. ps shows `hob guard ID` and `hob keeper ID`. */
async function pairs(hob) {
  const ids = new Map(
    (await hob("list", "-q"))
      .trim()
      .split("\n")
      .map((id) => [id, {}]),
  );
  for (const pid of fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const found = /^hob (guard|keeper) (\S+)/.exec(read(pid, "cmdline").replaceAll("\0", " "));
      if (found && ids.has(found[2])) ids.get(found[2])[found[1]] = pid;
    } catch {
      // It ended while we looked.
    }
  }
  return [...ids.values()];
}

function children(pid) {
  return read(pid, `task/${pid}/children`).trim().split(" ");
}

function field(pid, file, name) {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(read(pid, file))[1]);
}

function proportional(pid) {
  return field(pid, "smaps_rollup", "Pss");
}

function switches(pid) {
  return field(pid, "status", "voluntary_ctxt_switches") + field(pid, "status", "nonvoluntary_ctxt_switches");
}

export function idle() {
  return withHob(async (hob) => {
    await startTasks(hob, 50, "sleep", "1000");
    const all = await pairs(hob);
    // The scribes of the starts end by themselves, and leave a keeper with the command alone; then nothing is due.
    for (const { keeper } of all) await until("the last scribe", () => children(keeper).length === 1, 20_000);
    const pids = all.flatMap(({ guard, keeper }) => [guard, keeper]);
    const before = pids.map(switches);
    await delay(10_000);
    const woken = pids.map((pid, i) => switches(pid) - before[i]).reduce((a, b) => a + b);
    return [
      {
        what: "memory of an idle task, guard and keeper",
        value: median(all.map(({ guard, keeper }) => proportional(guard) + proportional(keeper))),
        unit: "kB",
        bound: 200,
        note: "50 tasks",
      },
      { what: "wake-ups of 50 idle tasks in 10 s", value: woken, unit: "", bound: 0 },
    ];
  });
}

export function starting() {
  return withHob(async (hob) => {
    const rows = numbers(
      await run(gen, ["spawn", "300", "setsid", "-f", "true", "--", hobBin, "run", "--", "true"], { env: hob.env }),
    );
    const [bare, ours] = [0, 1].map((column) => median(rows.map((row) => row[column])) / 1e6);
    return [
      { what: "setsid -f true", value: bare, unit: "ms" },
      { what: "hob run -- true", value: ours, unit: "ms" },
      { what: "  against setsid", value: ours / bare, unit: "×", bound: 4 },
    ];
  });
}

export function listing() {
  return withHob(async (hob) => {
    await startTasks(hob, 1000, "true");
    await until("the last of 1,000 tasks", async () => (await hob("list", "-q", "--status", "running")) === "");
    const rows = numbers(
      await run(gen, ["spawn", "50", hobBin, "list", "--", hobBin, "list", "--json"], { env: hob.env }),
    );
    return [
      {
        what: "hob list, 1,000 finished tasks",
        value: median(rows.map(([text]) => text)) / 1e6,
        unit: "ms",
        bound: 20,
      },
      { what: "hob list --json", value: median(rows.map(([, json]) => json)) / 1e6, unit: "ms" },
    ];
  });
}

export function notifying() {
  return withHob(async (hob) => {
    const count = 200;
    const clock = start(gen, ["stamp", String(count)], { stdio: ["pipe", "pipe", "inherit"] });
    let text = "";
    clock.child.stdout.on("data", (data) => {
      text += data;
    });
    // From the first event on, so that none is missed however late the follower is up.
    const follower = start(hobBin, ["events", "-f", "--since", "0", "--json"], {
      env: hob.env,
      stdio: ["ignore", clock.child.stdin, "inherit"],
    });
    await hob("run", "--", gen, "notify", String(count), "20", "OPENCODE_NOTIFY:");
    await clock.gone;
    await follower.end();
    const ages = numbers(text).map(([ns]) => ns / 1e6);
    return [
      {
        what: "notify line to hob events -f, p50",
        value: median(ages),
        unit: "ms",
        bound: 5,
        note: `p99 ${quantile(ages, 0.99).toFixed(2)} ms`,
      },
    ];
  });
}

export async function killing() {
  const times = [];
  for (let round = 0; round < 3; round++)
    times.push(
      await withHob(async (hob) => {
        await startTasks(hob, 500, "sleep", "1000");
        return time(() => hob("kill", "--all"));
      }),
    );
  return [{ what: "hob kill --all, 500 tasks", value: median(times) / 1000, unit: "s", bound: 2 }];
}
