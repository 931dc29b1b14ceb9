// What it costs that hob stands in for a shell: a line that ends at once, with hob and without.
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { hobBin, median, quantile, start, time, withHob } from "./lib.mjs";

const BASH = "/bin/bash";
const ROUNDS = 200;

export function standingIn() {
  return withHob(async (hob) => {
    const link = path.join(hob.folder, "bash");
    fs.symlinkSync(hobBin, link);
    const env = { ...hob.env, HOB_SHELL_PATH: BASH, HOB_SHELL_WAIT: "60s", HOB_SHELL_SESSION: "bench" };
    const end = async (shell, line) => {
      const { child } = start(shell, ["-c", line], { env, stdio: ["ignore", "pipe", "pipe"] });
      const pieces = [];
      child.stdout.on("data", (piece) => pieces.push(piece));
      await once(child, "close");
      return Buffer.concat(pieces).toString();
    };
    if (!/^\w/.test(await end(link, "echo $HOB_ID"))) throw new Error("hob does not stand in");
    const bare = [];
    const ours = [];
    for (let i = 0; i < ROUNDS; i++) {
      bare.push(await time(() => end(BASH, "echo")));
      ours.push(await time(() => end(link, "echo")));
    }
    return [
      { what: "bash -c echo", value: median(bare), unit: "ms" },
      { what: "hob as bash -c echo", value: median(ours), unit: "ms", note: `p90 ${quantile(ours, 0.9).toFixed(1)} ms` },
      { what: "  more than bash", value: median(ours) - median(bare), unit: "ms", bound: 10 },
    ];
  });
}
