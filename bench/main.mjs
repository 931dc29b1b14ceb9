// Runs the benchmarks one after the other and prints one table; exit 1 on a missed bound.
import { execFileSync } from "node:child_process";
import os from "node:os";
import { hobBin } from "./lib.mjs";
import * as opencode from "./opencode.mjs";
import * as reading from "./reading.mjs";
import * as shell from "./shell.mjs";
import * as tasks from "./tasks.mjs";
import * as throughput from "./throughput.mjs";
import * as waiting from "./waiting.mjs";

// Latencies come first, the start of a task before all others: what the rest leaves to be written to the disk, and the
// thousand folders it removes, would be part of them.
// Each is an async function that returns rows: {what, value, unit, bound?, least?, note?}. `bound` is the most
// that is allowed, `least` the least; a row without either is there to be compared with.
const benchmarks = { starting: tasks.starting, ...tasks, ...shell, ...waiting, ...opencode, ...reading, ...throughput };

function number(value) {
  if (value === undefined) return "";
  if (value >= 100) return value.toFixed(0);
  return value.toFixed(value >= 10 ? 1 : 2);
}

function verdict({ value, bound, least, failed }) {
  if (failed) return "FAILED";
  if (bound === undefined && least === undefined) return "";
  return value <= (bound ?? Infinity) && value >= (least ?? -Infinity) ? "ok" : "MISSED";
}

function cells(row) {
  const bound = row.bound !== undefined ? `≤ ${row.bound}` : row.least !== undefined ? `≥ ${row.least}` : "";
  return [row.what, number(row.value), row.unit ?? "", bound, verdict(row), row.note ?? ""];
}

function print(rows) {
  const table = [["", "median", "", "bound", "", ""], ...rows.map(cells)];
  const widths = table[0].map((_, column) => Math.max(...table.map((line) => line[column].length)));
  for (const line of table)
    console.log(
      line
        .map((cell, i) => (i === 1 || i === 3 ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
        .join("  ")
        .trimEnd(),
    );
}

const parts = process.argv.slice(2);
const [load] = os.loadavg();
const rows = [];
for (const [name, benchmark] of Object.entries(benchmarks)) {
  if (parts.length && !parts.some((part) => name.includes(part))) continue;
  process.stderr.write(`${name} …\n`);
  execFileSync("sync");
  try {
    rows.push(...(await benchmark()));
  } catch (error) {
    console.error(error);
    rows.push({ what: name, failed: true, note: error.message.split("\n")[0] });
  }
}
console.log(
  `\n${execFileSync(hobBin, ["version"], { encoding: "utf8" }).trim()}, ${os.type()} ${os.release()}, ` +
    `${os.cpus().length} × ${os.cpus()[0].model}, load ${load.toFixed(1)} before, ${new Date().toISOString().slice(0, 10)}\n`,
);
print(rows);
const missed = rows.filter((row) => /MISSED|FAILED/.test(verdict(row))).length;
console.log(`\n${missed ? `${missed} missed` : "every bound held"}`);
process.exit(missed || !rows.length ? 1 : 0);
