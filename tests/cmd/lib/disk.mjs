// A small disk of its own for a lab's state folder: a tmpfs in a mount namespace that ends with the test, so that
// nothing stays mounted whatever happens.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { stat } from "./processes.mjs";
import { prop, quote } from "./programs.mjs";
import { waitUntil } from "./wait.mjs";

/** Puts LAB's state folder on a tmpfs of SIZE bytes. From here on all its programs see it, and lab.file finds it. */
export async function smallDisk(lab, size) {
  fs.mkdirSync(lab.home, { mode: 0o700 });
  const mount = `mount -t tmpfs -o size=${size},mode=0700 tmpfs ${quote(lab.home)} && exec ${prop("wait").map(quote).join(" ")}`;
  const holder = lab.spawn(["unshare", "-m", "sh", "-c", mount], { limit: 3600 });
  await waitUntil(() => stat(holder.pid)?.name === "prop", "the disk is there");
  lab.wrapper = ["nsenter", `--mount=/proc/${holder.pid}/ns/mnt`, `--wd=${lab.work}`, "--"];
  lab.root = `/proc/${holder.pid}/root`;
  return new Disk(path.join(lab.root, lab.home));
}

class Disk {
  constructor(folder) {
    this.folder = folder;
    this.filler = path.join(folder, "filler");
  }

  /** Bytes of room. */
  free() {
    const { bavail, bsize } = fs.statfsSync(this.folder);
    return bavail * bsize;
  }

  /** Takes all room but this many bytes. */
  fill(rest) {
    const fd = fs.openSync(this.filler, "a");
    const block = Buffer.alloc(4096, "f");
    while (this.free() > rest) fs.writeSync(fd, block);
    fs.closeSync(fd);
    assert.ok(this.free() <= rest);
  }

  /** Gives it back. */
  empty() {
    fs.rmSync(this.filler);
  }
}
