// What reading costs: the end of a big log, a search of all of it beside grep and ripgrep, and cleaning.
import fs from "node:fs";
import path from "node:path";
import { gen, hobBin, median, numbers, run, time, withHob } from "./lib.mjs";

const gib = 1 << 30;
const rounds = 5;

/** Calls BODY(hob, id, log) with a task whose log has BYTES of text such as servers write, all of it kept. */
function withLog(bytes, body) {
  return withHob(async (hob) => {
    await hob("run", "--id", "big", "--log-max", "2g", "--wait", "--", gen, "text", String(bytes));
    const log = path.join(hob.env.HOB_HOME, "tasks/big/log");
    // Nobody's first look shall pay for the disk.
    for await (const _ of fs.createReadStream(log, { highWaterMark: 1 << 20 }));
    return body(hob, "big", log);
  });
}

/** Milliseconds that a command takes, its output going where output goes: a pipe that somebody reads. 1 is no match. */
function timed(env, command, ...args) {
  const words = ["-c", '"$@" | cat >/dev/null', "sh", command, ...args];
  return time(() => run("sh", words, { env }));
}

const patterns = [
  ["a word that is not there", "panic"],
  ["one of three words", "error|fail(ed|ure)|panic"],
  ["words and numbers", "job [0-9]+ ok.*n=1[0-9]*99$"],
  ["in any case", "segmentation|(out of|no) memory", "-i"],
];

async function searchFor([what, pattern, ...options], env, id, log) {
  const contenders = [
    [hobBin, "logs", id, "-g", pattern, ...options],
    ["grep", "-E", ...options, "--", pattern, log],
    ["rg", "--no-mmap", ...options, "--", pattern, log],
  ];
  const times = contenders.map(() => []);
  for (let round = 0; round < rounds; round++)
    for (const [i, words] of contenders.entries()) times[i].push(await timed(env, ...words));
  const [hob, grep, rg] = times.map(median);
  return [
    { what: `1 GiB, ${what}: hob logs -g`, value: hob, unit: "ms", note: `/${pattern}/` },
    { what: "  grep -E", value: grep, unit: "ms" },
    { what: "  ripgrep", value: rg, unit: "ms" },
    { what: "  hob against grep", value: hob / grep, unit: "×", bound: 2 },
  ];
}

export function searching() {
  return withLog(gib, async (hob, id, log) => {
    const rows = [];
    for (const pattern of patterns) rows.push(...(await searchFor(pattern, hob.env, id, log)));
    return rows;
  });
}

export function tail() {
  return withLog(gib, async (hob, id, log) => {
    const words = ["spawn", "50", hobBin, "logs", id, "--", "tail", "-n", "100", log];
    const rows = numbers(await run(gen, words, { env: hob.env }));
    const [ours, theirs] = [0, 1].map((column) => median(rows.map((row) => row[column])) / 1e6);
    return [
      { what: "the last 100 lines of 1 GiB: hob logs", value: ours, unit: "ms", bound: 10 },
      { what: "  tail -n 100", value: theirs, unit: "ms" },
    ];
  });
}

export function cleaning() {
  const bytes = 256 << 20;
  return withLog(bytes, async (hob, id) => {
    const all = [];
    for (let round = 0; round < rounds; round++)
      all.push(await timed(hob.env, hobBin, "logs", id, "--since", "0", "--max-bytes", "0"));
    return [{ what: "plain lines, cleaned and printed", value: bytes / 1e3 / median(all), unit: "MB/s", least: 200 }];
  });
}
