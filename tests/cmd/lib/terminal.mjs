// Tasks with a terminal or a pipe: what is sent to them, and orders to their keepers that no command gives.
import fs from "node:fs";
import path from "node:path";

/** Speaks one order to the keeper of a task, as src/keep/control.h has it; returns its answer ("": none came). */
export async function order(lab, id, text) {
  // Node knows no SOCK_SEQPACKET, and the path may be too long for an address.
  const [, , line] = fs.readFileSync(lab.file(id, "lock"), "latin1").split("\n");
  const socket = line.trim().replace(/^socket /, "");
  const script = `
import os, socket, sys
os.chdir(sys.argv[1])
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.settimeout(60)
s.connect(sys.argv[2])
s.send(sys.argv[3].encode())
print(s.recv(100).decode(), end="")`;
  const folder = path.dirname(lab.file(id, "lock"));
  return (await lab.spawn(["python3", "-c", script, folder, socket, text]).done).stdout;
}

/** `hob send ID ARGS`, which must succeed: {id, bytes, cursor}. */
export const send = (lab, id, ...args) => lab.json(["send", id, ...args]);

/** The terminal sizes that a task's index records: [{at, cols, rows}]. */
export function sizes(lab, id) {
  const index = fs.readFileSync(lab.file(id, "index"));
  const found = [];
  for (let at = 64; at + 32 <= index.length; at += 32)
    if (index[at] === 3)
      found.push({ at: Number(index.readBigUInt64LE(at + 8)), cols: index.readUInt16LE(at + 2), rows: index.readUInt32LE(at + 4) });
  return found;
}
