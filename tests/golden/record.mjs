// Records what real programs write on a terminal: NAME.raw, and NAME.json with program, version and command line.
//   make regen RECORD=1 [FILES=...]     (as root: apt installs a package that is made here, and takes it away again)
// Each is run by script(1) on a terminal of 80 × 24, in a folder of its own with the same path every time, and with
// nothing but what is made there: no program asks a server but the one of pip's own recipe.
import { execFileSync, spawn } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";

const here = path.dirname(new URL(import.meta.url).pathname);
const root = "/tmp/hob-golden";
const tools = path.join(root, "tools");
const packages = ["vite@8.3.8", "jest@30.5.2", "listr2@9.0.5"];
const modules = path.join(tools, "node_modules");

const run = (cwd, ...words) => execFileSync(words[0], words.slice(1), { cwd, encoding: "utf8", stdio: "pipe" });
const says = (cwd, line) => run(cwd, "sh", "-c", line).trim().split("\n")[0];

/** Writes files below DIR: {path: text}. */
function put(dir, files) {
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
    fs.writeFileSync(path.join(dir, name), text);
  }
}

const json = (value) => JSON.stringify(value, null, 2);
const range = (n) => [...Array(n).keys()];

/** Programs that npm has and this repository does not need otherwise. */
function npmTools() {
  if (fs.existsSync(modules)) return;
  put(tools, { "package.json": json({ private: true }) });
  run(tools, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", ...packages);
}

const versionOf = (name) => JSON.parse(fs.readFileSync(path.join(modules, name, "package.json"), "utf8")).version;

/** A Debian package of one small file, which needs DEPENDS. */
function deb(dir, name, depends = []) {
  const control = [`Package: ${name}`, "Version: 1.0", "Architecture: all", "Maintainer: hob <hob@example.org>"];
  if (depends.length) control.push(`Depends: ${depends.join(", ")}`);
  put(path.join(dir, name), {
    "DEBIAN/control": `${control.join("\n")}\nDescription: made for a recording\n`,
    [`usr/share/${name}/readme`]: "nothing\n",
  });
  run(dir, "dpkg-deb", "--root-owner-group", "--build", name, `${name}.deb`);
}

/** A wheel: a zip with three lines of metadata and SIZE bytes that do not compress. */
function wheel(dir, name, size) {
  put(dir, {
    "build/data.bin": crypto.randomBytes(size),
    "build/METADATA": `Metadata-Version: 2.1\nName: ${name}\nVersion: 1.0\n`,
    "build/WHEEL": "Wheel-Version: 1.0\nGenerator: hob\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "make.py": `import sys, zipfile
name, out = sys.argv[1:]
with zipfile.ZipFile(out, "w") as z:
    z.write("build/data.bin", f"{name}/data.bin")
    for part in ("METADATA", "WHEEL"):
        z.write(f"build/{part}", f"{name}-1.0.dist-info/{part}")
    z.writestr(f"{name}-1.0.dist-info/RECORD", "")
`,
  });
  const file = `index/${name}/${name}-1.0-py3-none-any.whl`;
  fs.mkdirSync(path.join(dir, path.dirname(file)), { recursive: true });
  run(dir, "python3", "make.py", name, file);
}

/** name: {program, version, prepare(dir), command}; the command is a line for sh. */
const recipes = {
  npm: {
    program: "npm",
    version: () => says("/", "npm --version"),
    prepare(dir) {
      for (const name of ["left", "right"])
        put(dir, { [`${name}/package.json`]: json({ name, version: "1.0.0", scripts: { test: "false" } }) });
      put(dir, { "package.json": json({ name: "app", version: "1.0.0", scripts: { test: "echo checking; exit 3" } }) });
    },
    command: "npm install --offline --no-fund --install-links ./left ./right; npm test",
  },
  cargo: {
    program: "cargo",
    version: () => says("/", "cargo --version"),
    prepare(dir) {
      const names = range(6).map((i) => `part${i}`);
      put(dir, {
        "Cargo.toml": `[workspace]\nresolver = "2"\nmembers = [${names.map((name) => `"${name}"`)}]\n`,
        ...Object.fromEntries(
          names.flatMap((name, i) => [
            [
              `${name}/Cargo.toml`,
              `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n` +
                (i ? `[dependencies]\npart${i - 1} = { path = "../part${i - 1}" }\n` : ""),
            ],
            [
              `${name}/src/lib.rs`,
              i === 5 ? "pub fn f() -> u32 { let unused = 1; \"text\" }\n" : "pub fn f() -> u32 { let unused = 1; 2 }\n",
            ],
          ]),
        ),
      });
    },
    command: "cargo build --offline -j 2",
  },
  pip: {
    program: "pip",
    version: () => says("/", "/usr/bin/python3 -m pip --version").split(" ")[1],
    prepare(dir) {
      wheel(dir, "sample", 3_000_000);
      put(dir, {
        "serve.py": `import http.server, os, time
class Slow(http.server.SimpleHTTPRequestHandler):
    def copyfile(self, source, out):
        while block := source.read(200_000):
            out.write(block)
            time.sleep(0.05)
    def log_message(self, *args):
        pass
os.chdir("index")
http.server.HTTPServer(("127.0.0.1", 8917), Slow).serve_forever()
`,
      });
    },
    command: `/usr/bin/python3 serve.py &
until curl -s http://127.0.0.1:8917/ >/dev/null; do :; done
/usr/bin/python3 -m pip --isolated --no-cache-dir --disable-pip-version-check install \\
  --index-url http://127.0.0.1:8917/ --target out --root-user-action ignore sample
kill $!`,
  },
  apt: {
    program: "apt",
    version: () => says("/", "apt --version"),
    prepare(dir) {
      deb(dir, "hob-golden-b");
      deb(dir, "hob-golden-a", ["hob-golden-b"]);
    },
    // No lists and no cache of the machine's: what it knows of other packages is nobody's business.
    command: `quiet='-o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts=/dev/null -o Dir::Cache::pkgcache='
apt $quiet install -y ./hob-golden-a.deb ./hob-golden-b.deb; apt $quiet purge -y hob-golden-a hob-golden-b`,
  },
  git: {
    program: "git",
    version: () => says("/", "git --version"),
    prepare(dir) {
      const source = path.join(dir, "source");
      put(source, Object.fromEntries(range(40).map((i) => [`folder${i % 5}/file${i}`, `${i}\n`.repeat(i * 50)])));
      run(source, "git", "-c", "init.defaultBranch=main", "init", "-q");
      run(source, "git", "add", "-A");
      run(source, "git", "-c", "user.name=hob", "-c", "user.email=hob@example.org", "commit", "-qm", "files");
    },
    command: "git clone --progress file:///tmp/hob-golden/git/source copy",
  },
  tqdm: {
    program: "tqdm",
    version: () => says(tools, "dpkg-deb -f python3-tqdm_*.deb Version"),
    prepare(dir) {
      fs.mkdirSync(tools, { recursive: true });
      run(tools, "sh", "-c", "ls python3-tqdm_*.deb 2>&- || apt-get -q download python3-tqdm");
      run(tools, "sh", "-c", "dpkg -x python3-tqdm_*.deb tqdm");
      put(dir, {
        "bars.py": `import time
from tqdm import tqdm
for i in tqdm(range(3), desc="epochs", ncols=60):
    for j in tqdm(range(8), desc=f"epoch {i}", ncols=60, leave=i == 2):
        time.sleep(0.06)
    tqdm.write(f"epoch {i} done")
print("all done")
`,
      });
    },
    command: "PYTHONPATH=/tmp/hob-golden/tools/tqdm/usr/lib/python3/dist-packages /usr/bin/python3 bars.py",
  },
  vite: {
    program: "vite",
    version: () => versionOf("vite"),
    prepare(dir) {
      npmTools();
      put(dir, {
        "package.json": json({ private: true, type: "module" }),
        "index.html": '<!doctype html><script type="module" src="/main.js"></script>\n',
        "main.js": 'import { a } from "./a.js";\nimport "./style.css";\nimport("./b.js");\nconsole.log(a);\n',
        "a.js": 'export const a = "a".repeat(99);\n',
        "b.js": "console.log(1);\n",
        "style.css": "body { color: red }\n",
      });
    },
    command: `/tmp/hob-golden/tools/node_modules/.bin/vite build
timeout 3 /tmp/hob-golden/tools/node_modules/.bin/vite --port 8918`,
  },
  jest: {
    program: "jest",
    version: () => versionOf("jest"),
    prepare(dir) {
      npmTools();
      put(dir, {
        "package.json": json({ private: true }),
        "slow.test.js": 'test("waits", () => new Promise((done) => setTimeout(done, 900)));\n',
        "sum.test.js": 'test("adds", () => expect(1 + 1).toBe(2));\ntest("fails", () => expect(1 + 1).toBe(3));\n',
        "log.test.js": 'test("talks", () => console.log("from a test"));\n',
      });
    },
    command: "/tmp/hob-golden/tools/node_modules/.bin/jest --ci --no-cache -w 2",
  },
  listr: {
    program: "listr2",
    version: () => versionOf("listr2"),
    prepare(dir) {
      npmTools();
      put(dir, {
        "tasks.mjs": `import { Listr } from "${modules}/listr2/dist/index.js";
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const layer = (name, ms) => ({
  title: "Layer " + name,
  task: async (_, task) => {
    for (let i = 0; i <= 100; i += 25) { task.output = "Downloading " + i + "%"; await wait(ms); }
    if (name === "c") throw new Error("checksum differs");
  },
});
await new Listr([{ title: "Pull", task: (_, task) => task.newListr(["a", "b", "c"].map((n, i) => layer(n, 90 + 40 * i)), { concurrent: true, exitOnError: false }) },
  { title: "Start", task: () => wait(200) }], { exitOnError: false }).run();
console.log("pulled");
`,
      });
    },
    command: "node tasks.mjs",
  },
  docker: {
    program: "a generator: docker pull needs a daemon and a registry",
    version: () => "none: docker-pull.mjs, as docker 28 writes three layers",
    prepare: (dir) => put(dir, { "pull.mjs": fs.readFileSync(path.join(here, "docker-pull.mjs")) }),
    command: "node pull.mjs",
  },
};

/** What script(1) adds: a line in front, and a newline and a line at the end. */
function withoutFrame(raw) {
  return raw.subarray(raw.indexOf("\n") + 1, raw.lastIndexOf("\nScript done on "));
}

/** The bytes that COMMAND writes on a terminal of 80 × 24. */
function recorded(dir, command) {
  const out = path.join(dir, "typescript");
  put(dir, { "command.sh": command });
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, TERM: "xterm-256color", LC_ALL: "C.UTF-8" };
  Object.assign(env, { npm_config_userconfig: "/dev/null", npm_config_update_notifier: "false" });
  const words = ["-q", "-c", "stty cols 80 rows 24; exec sh command.sh", out];
  return new Promise((resolve, reject) => {
    const child = spawn("script", words, { cwd: dir, env, stdio: ["pipe", "ignore", "inherit"] });
    child.on("error", reject);
    child.on("exit", () => resolve(withoutFrame(fs.readFileSync(out))));
  });
}

async function record(name) {
  const recipe = recipes[name];
  const dir = path.join(root, name);
  fs.rmSync(dir, { recursive: true, force: true });
  fs.mkdirSync(dir, { recursive: true });
  recipe.prepare(dir);
  const raw = await recorded(dir, recipe.command);
  if (!raw.length || raw.length > 65536) throw new Error(`${name}: ${raw.length} bytes`);
  const about = { program: recipe.program, version: recipe.version(), command: recipe.command, terminal: "80x24" };
  fs.writeFileSync(path.join(here, `${name}.raw`), raw);
  fs.writeFileSync(path.join(here, `${name}.json`), `${json(about)}\n`);
  console.log(`${name}: ${raw.length} bytes`);
}

const asked = process.argv.slice(2);
for (const name of Object.keys(recipes)) if (!asked.length || asked.includes(name)) await record(name);
