// Labs whose OpenCode installs the plugin by itself, on a machine without a compiler and without hob.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readlinkSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Lab } from "../../opencode/lib/lab.mjs";
import { Registry } from "./registry.mjs";

const TOP = fileURLToPath(new URL("../../../", import.meta.url));

/** What `make package` built. */
export const PACKAGES = join(TOP, "build/packages");
export const { version: VERSION } = JSON.parse(readFileSync(join(PACKAGES, "opencode-hob/package.json"), "utf8"));
export const PROGRAMS = ["opencode-hob-linux-x64", "opencode-hob-linux-arm64"];

// All that the examples' commands need.
const WORDS = "bash sh cat echo env false git ls ps rm sleep sort touch true uname which".split(" ");

/** Runs TEST with a lab and the registry that its OpenCode installs from; NAMES are published there first. */
export async function withRegistry({ files, names = ["opencode-hob", ...PROGRAMS] }, test) {
  const registry = await Registry.start();
  registry.publish(PACKAGES, ...names);
  try {
    await Lab.with({ files, config: { plugin: [`opencode-hob@${VERSION}`] } }, async (lab) => {
      lab.env = bare(lab, registry);
      lab.hobHome = join(lab.home, ".local/state/hob");
      await test(lab, registry);
    });
  } finally {
    registry.stop();
  }
}

/** The lab's variables without anything that leads to hob or a compiler. */
function bare(lab, registry) {
  const bin = join(lab.root, "bare");
  mkdirSync(bin);
  for (const word of WORDS) {
    const program = ["/usr/bin", "/bin"].map((folder) => join(folder, word)).find(existsSync);
    symlinkSync(program, join(bin, word));
  }
  const { HOB_HOME, HOB_BIN, ...env } = lab.env;
  return { ...env, PATH: `${join(lab.root, "bin")}:${bin}`, NPM_CONFIG_REGISTRY: registry.url };
}

/** Makes packages of another version for this machine: the program calls itself 0.0.1. Returns their folder. */
export function packOlder(folder) {
  const words = ["--version", "0.0.1", "--to", folder, `x64=${join(TOP, "build/hob-older")}`];
  execFileSync(join(TOP, "tools/package"), words, { stdio: ["ignore", "ignore", "pipe"] });
  return folder;
}

/** Where OpenCode 1.18 keeps a package of the config. */
export function cacheOf(lab, version = VERSION) {
  return join(lab.home, `.cache/opencode/packages/opencode-hob@${version}`);
}

/** The name of the folder that a version's program is copied to: VERSION-HASH. */
export function copyName(packages = PACKAGES) {
  return JSON.parse(readFileSync(join(packages, PROGRAMS[0], "package.json"), "utf8")).hob;
}

/** The file that a process runs from. */
export function programOf(pid) {
  return readlinkSync(`/proc/${pid}/exe`);
}
