// Where programs for arm64 run: under qemu-user, which the kernel starts for them (binfmt_misc).
//
// /proc/self/exe, fork and exec must work in there as they do on the real machine, so each exec has to go through
// the kernel. A registration of our own lives in a user namespace of its own, and needs no rights; it ends with it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const QEMU = fileURLToPath(new URL("../../../build-arm64/qemu-aarch64", import.meta.url));

// ELF, 64 bits, little-endian, executable or shared, for arm64. P: the program gets the words as they were given.
const MAGIC = String.raw`\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00`;
const MASK = String.raw`\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff`;
const PLACE = "/proc/sys/fs/binfmt_misc";
const SETUP = `mount -t binfmt_misc none ${PLACE} && printf %s '${`:arm64:M::${MAGIC}:${MASK}:${QEMU}:P`}' >${PLACE}/register && echo ready && exec cat`;

/** Makes the place for test T: the words that come before a command there, which runs in FOLDER. */
export async function newPlace(t, folder) {
  const holder = spawn("unshare", ["--user", "--map-root-user", "--mount", "sh", "-c", SETUP], { stdio: ["pipe", "pipe", "pipe"] });
  let errors = "";
  holder.stderr.setEncoding("utf8").on("data", (text) => (errors += text));
  const [word] = await Promise.race([once(holder.stdout, "data"), once(holder, "exit")]);
  if (String(word) !== "ready\n") {
    throw new Error(`programs for arm64 cannot be run here: this needs Linux 6.7 with binfmt_misc and user namespaces: ${errors}`);
  }
  t.after(async () => {
    holder.stdin.end();
    await once(holder, "exit");
  });
  return ["nsenter", `--target=${holder.pid}`, "--user", "--mount", "--preserve-credentials", `--wd=${folder}`, "--"];
}
