// Bytes too many to hold in a test's memory at once: what a program writes, what a file holds.
import { spawn } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import { prop } from "./programs.mjs";

async function digest(stream) {
  const hash = crypto.createHash("sha256");
  for await (const chunk of stream) hash.update(chunk);
  return hash.digest("hex");
}

export const digestOfFile = (file) => digest(fs.createReadStream(file, { highWaterMark: 1 << 20 }));

/** The digest of what prop writes when called like this, without its gate. */
export function digestOfProp(...words) {
  const [program, ...args] = prop(...words.filter((word) => !/^(gate|step)=/.test(word)));
  return digest(spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] }).stdout);
}

/** N bytes of a file from cursor FROM on. */
export function bytesAt(file, from, n) {
  const fd = fs.openSync(file);
  try {
    const bytes = Buffer.alloc(n);
    return bytes.subarray(0, fs.readSync(fd, bytes, 0, n, from));
  } finally {
    fs.closeSync(fd);
  }
}

/** A gate for prop: what it guards goes on by a step each time it is opened. */
export class Gate {
  constructor(file) {
    this.file = file;
    fs.writeFileSync(file, "");
  }
  open(steps = 1) {
    fs.appendFileSync(this.file, Buffer.alloc(steps));
  }
}
