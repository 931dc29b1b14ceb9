// A stand-in for the hob program that writes down what it is called with and then is hob.
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hob } from "./programs.mjs";

export class Spy {
  #log;

  /** FIRST is a shell line that runs before hob does. */
  constructor(folder, name, first = ":") {
    this.#log = join(folder, `${name}.calls`);
    this.path = join(folder, name);
    writeFileSync(this.path, `#!/bin/sh\necho "$*" >> '${this.#log}'\n${first}\nexec '${hob}' "$@"\n`);
    chmodSync(this.path, 0o755);
    this.env = { HOB_BIN: this.path };
  }

  /** The arguments of every call so far. */
  calls() {
    return existsSync(this.#log) ? readFileSync(this.#log, "utf8").trimEnd().split("\n") : [];
  }

  /** The sequence numbers that were acknowledged, each once: one that was handed over again is acknowledged again. */
  acknowledged() {
    const all = this.calls().flatMap((call) => (/^events --ack ([\d ]+)/.exec(call)?.[1] ?? "").split(" ").filter(Boolean).map(Number));
    return [...new Set(all)];
  }
}
