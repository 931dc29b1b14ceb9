// How fast output reaches the disk: the same generator writing a file by itself, through hob, and through others.
import { inFolder, gen, median, run, time, withHob } from "./lib.mjs";
import { rivals } from "./rivals.mjs";
import path from "node:path";

const gib = 1 << 30;
const rounds = 5;

function command(bytes, write, what = "lines") {
  return [gen, what, String(bytes), String(write), "100"];
}

/** The generator writes the file itself: nothing can be expected to be faster. */
function bare(args) {
  return inFolder((folder) => time(() => run("sh", ["-c", 'exec "$@" >"$0"', path.join(folder, "out"), ...args])));
}

function throughHob(args, ...options) {
  return withHob((hob) => time(() => hob("run", ...options, "--wait", "--", ...args)));
}

/** Dirty pages of one run must not be written at the cost of the next. */
async function measured(measure) {
  const ms = await measure();
  await run("sync", []);
  return ms;
}

/** The median of each contender; they take turns, so that what disturbs one disturbs all. */
async function compare(args, contenders) {
  const times = contenders.map(() => []);
  for (let round = 0; round < rounds; round++)
    for (const [i, [, measure]] of contenders.entries()) times[i].push(await measured(() => measure(args)));
  return times.map(median);
}

/** The others take up to a minute each: once is enough for the order of magnitude. */
async function others(bytes, write) {
  const rows = [];
  for (const [name, drive] of Object.entries(rivals)) {
    try {
      const ms = await measured(() => drive(command(bytes, write), bytes));
      rows.push({ what: `  ${name}`, value: bytes / 1e3 / ms, unit: "MB/s", note: "once" });
    } catch (error) {
      rows.push({ what: `  ${name}`, note: error.message.split("\n")[0] });
    }
  }
  return rows;
}

const ways = [
  ["a file", bare],
  ["hob", (args) => throughHob(args)],
  ["hob, all of it kept", (args) => throughHob(args, "--log-max", "2g")],
];

export async function throughputLarge() {
  const [file, ...hobs] = await compare(command(gib, 65536), ways);
  return [
    { what: "1 GiB, 64 KiB a write: a file", value: gib / 1e3 / file, unit: "MB/s" },
    // The bound is for hob as it comes. What keeps everything has 16 times the pages to write that the window has.
    ...hobs.flatMap((ms, i) => [
      { what: `  ${ways[i + 1][0]}`, value: gib / 1e3 / ms, unit: "MB/s" },
      { what: "    time against the file", value: ms / file, unit: "×", bound: i === 0 ? 1.15 : undefined },
    ]),
    ...(await others(gib, 65536)),
  ];
}

/** A writer that does nothing but write; no program that has something to say is like that. */
export async function throughputMemory() {
  const [file, hob] = await compare(command(gib, 65536, "block"), ways.slice(0, 2));
  return [
    { what: "1 GiB, one block over and over: a file", value: gib / 1e3 / file, unit: "MB/s" },
    { what: "  hob", value: gib / 1e3 / hob, unit: "MB/s" },
  ];
}

export async function throughputSmall() {
  const bytes = 64e6;
  const [file, hob] = await compare(command(bytes, 10), ways.slice(0, 2));
  return [
    { what: "64 MB, 10 bytes a write: a file", value: bytes / 1e3 / file, unit: "MB/s" },
    { what: "  hob", value: bytes / 1e3 / hob, unit: "MB/s", least: 25 },
    ...(await others(bytes, 10)),
  ];
}
