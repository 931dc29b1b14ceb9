// hob wait --input, and what list and show say of it: real programs that ask for a line, for a password, or take keys,
// on a terminal and a pipe of hob's; and those that ask for nothing.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { freePort } from "../opencode/lib/ports.mjs";
import { newLab } from "./lib/lab.mjs";
import { labOfNobody } from "./lib/nobody.mjs";
import { links, signal } from "./lib/processes.mjs";
import { waitUntil } from "./lib/wait.mjs";

const node = process.execPath;

/** Runs a program with --pty or --stdin and waits for it to ask; returns the answer. */
async function asks(lab, id, how, words, options) {
  await lab.run([how, "--id", id, "--", ...words], options);
  const { code, stdout, stderr } = await lab.hob(["wait", id, "--input", "--timeout", "60", "--json"]);
  assert.equal(code, 0, `${words.join(" ")}: ${stdout} ${stderr}`);
  const answer = JSON.parse(stdout);
  assert.equal(answer.condition, "input");
  return answer;
}

const cases = {
  "bash read -s": { words: ["bash", "-c", 'read -s -p "Secret: " x'], waitingFor: "password", prompt: "Secret:" },
  "bash read": { words: ["bash", "-c", 'read -p "Name: " x'], waitingFor: "line", prompt: "Name:" },
  "bash read after a line": { words: ["bash", "-c", "echo Your name?; read x"], waitingFor: "line", prompt: "Your name?" },
  "bash read -n1": { words: ["bash", "-c", 'read -n1 -s -p "Press a key" x'], waitingFor: "keys", prompt: "Press a key" },
  "bash itself": { words: ["bash", "--norc", "-i"], env: { PS1: "shell> " }, waitingFor: "line", prompt: "shell>" },
  "python input()": { words: ["python3", "-c", 'input("who? ")'], waitingFor: "line", prompt: "who?" },
  "python with readline": { words: ["python3", "-c", 'import readline; input("who? ")'], waitingFor: "line", prompt: "who?" },
  "python getpass": { words: ["python3", "-c", "import getpass; getpass.getpass()"], waitingFor: "password", prompt: "Password:" },
  "node readline": {
    words: [node, "-e", 'require("readline").createInterface(process.stdin, process.stdout).question("name? ", () => {})'],
    waitingFor: "line",
    prompt: "name?",
  },
  "node's REPL": { words: [node, "-i"], waitingFor: "line", prompt: ">" },
  "npm init": { words: ["npm", "init"], waitingFor: "line", prompt: "package name: (work)" },
  cat: { words: ["cat"], waitingFor: "line", prompt: "" },
  vim: { words: ["vim", "-u", "NONE", "/etc/services"], waitingFor: "keys" },
  less: { words: ["less", "/etc/services"], waitingFor: "keys" },
  "less -X": { words: ["less", "-X", "/etc/services"], waitingFor: "keys" },
  "a server with shortcuts": {
    words: [
      node,
      "-e",
      'process.stdin.setRawMode(true).on("data", () => {}); require("net").createServer().listen(0, () => console.log("press h to show help"))',
    ],
    waitingFor: "keys",
  },
  "one that reads lines": {
    words: [
      node,
      "-e",
      'require("readline").createInterface({ input: process.stdin }).on("line", () => {}); require("net").createServer().listen(0, () => console.log("press h + enter to show help"))',
    ],
    waitingFor: "keys",
  },
};

for (const [name, { words, env, waitingFor, prompt }] of Object.entries(cases)) {
  test(`${name}: ${waitingFor}`, async (t) => {
    const lab = newLab(t);
    const answer = await asks(lab, "a", "--pty", words, { env: { PATH: process.env.PATH, ...env } });
    // A program that begins may be seen between two steps; what it settles on counts.
    const task = await lab.until("a", (now) => now.waitingFor === waitingFor && (prompt ?? now.prompt) === now.prompt);
    assert.ok(["line", "password", "keys"].includes(answer.waitingFor));
    const spoken = { line: "a line", password: "a password", keys: "keys" }[waitingFor];
    assert.match(await lab.must(["list"]), new RegExp(`running +for \\S+, waits for ${spoken} `));
    const said = task.prompt ? `${spoken}: ` : `${spoken}\n`;
    assert.ok((await lab.must(["show", "a"])).includes(`\nwaits for ${said}`));
  });
}

test("a pipe: a reader waits for a line; who has it beside other things takes what comes", async (t) => {
  const lab = newLab(t);
  assert.equal((await asks(lab, "a", "--stdin", ["cat"])).waitingFor, "line");
  assert.equal((await asks(lab, "b", "--stdin", ["python3", "-c", 'input("who? ")'])).prompt, "who?");
  const server = 'process.stdin.on("data", () => {}); require("net").createServer().listen(0)';
  assert.equal((await asks(lab, "c", "--stdin", [node, "-e", server])).waitingFor, "keys");
  await lab.must(["send", "b", "--text", "me\n"]);
  await lab.ended("b");
});

test("the answer ends the wait; the next question is another", async (t) => {
  const lab = newLab(t);
  const script = 'read -p "Name: " x; read -s -p "Secret: " y; echo; echo "$x has $y"; sleep 1000';
  assert.equal((await asks(lab, "a", "--pty", ["bash", "-c", script])).waitingFor, "line");
  await lab.must(["send", "a", "--text", "me", "--key", "Enter"]);
  await lab.until("a", ({ waitingFor, prompt }) => waitingFor === "password" && prompt === "Secret:");
  await lab.must(["send", "a", "--text", "it", "--key", "Enter"]);
  const { waitingFor, prompt } = await lab.until("a", ({ output }) => output.includes("me has it"));
  assert.deepEqual([waitingFor, prompt], [null, null]);
});

for (const words of [
  ["wait", "a", "--input", "--timeout", "60"],
  ["show", "a"],
])
  test(`a prompt that its keeper has yet to store is waited for by ${words[0]}`, async (t) => {
    const lab = newLab(t);
    const fifo = path.join(lab.dir, "fifo");
    await lab.spawn(["mkfifo", fifo]).done;
    await lab.run(["--pty", "--id", "a", "--", "bash", "-c", `read < ${fifo}; read -p "Name: " x`]);
    const { keeper } = lab.keepers("a");
    signal(keeper, "SIGSTOP");
    fs.writeFileSync(fifo, "go\n");
    let answer;
    do answer = await asked(lab, keeper, words);
    while (answer.waitingFor === null);
    assert.deepEqual([answer.waitingFor, answer.prompt], ["line", "Name:"]);
  });

/** What hob answers, whose keeper goes on once it is asked. */
async function asked(lab, keeper, words) {
  const asking = lab.start([...words, "--json"]);
  let answered = false;
  void asking.done.then(() => (answered = true));
  // One more than what it was started with.
  const sockets = () => links(asking.pid).filter((link) => link.startsWith("socket:")).length;
  await waitUntil(() => answered || sockets() > 3, "it asks the keeper");
  if (!answered) signal(keeper, "SIGCONT");
  return JSON.parse((await asking.done).stdout);
}

test("who asks for nothing: a sleeper, a busy one, a pipeline, a job in the background", async (t) => {
  const lab = newLab(t);
  const none = {
    sleeper: ["sleep", "1000"],
    server: [node, "-e", 'require("net").createServer().listen(0)'],
    pipeline: ["sh", "-c", "sleep 1000 | cat"],
    background: ["bash", "-c", "set -m; cat & sleep 1000"],
  };
  for (const [id, words] of Object.entries(none)) await lab.run(["--pty", "--id", id, "--", ...words]);
  const ended = await lab.hob(["wait", ...Object.keys(none), "--input", "--timeout", "2", "--json"]);
  assert.equal(ended.code, 4, ended.stdout);
  for (const one of JSON.parse(ended.stdout)) assert.equal(one.waitingFor, undefined, one.id);
});

test("a timed-out wait for something else says that the task waits for input", async (t) => {
  const lab = newLab(t);
  await asks(lab, "a", "--pty", ["bash", "-c", 'read -p "Proceed? " x']);
  const { code, stdout } = await lab.hob(["wait", "a", "--match", "done", "--timeout", "0.1", "--json"]);
  assert.equal(code, 4);
  const { condition, waitingFor, prompt } = JSON.parse(stdout);
  assert.deepEqual([condition, waitingFor, prompt], ["timeout", "line", "Proceed?"]);
  assert.match((await lab.hob(["wait", "a", "--match", "done", "--timeout", "0.1"])).stdout, /^a timeout: .*, waits for a line, /);
});

test("ssh asks about a host's key, and then for a password", async (t) => {
  const lab = newLab(t);
  const key = path.join(lab.dir, "key");
  await once(spawn("dropbearkey", ["-t", "ed25519", "-f", key], { stdio: "ignore" }), "exit");
  const port = await freePort();
  await lab.run(["--id", "sshd", "dropbear", "-F", "-E", "-r", key, "-P", path.join(lab.dir, "pid"), "-p", `127.0.0.1:${port}`]);
  await lab.json(["wait", "sshd", `--port=${port}`, "--timeout", "60"]);
  const options = ["-F", "none", "-o", `UserKnownHostsFile=${lab.dir}/known`, "-o", "PreferredAuthentications=password"];
  const answer = await asks(lab, "a", "--pty", ["ssh", ...options, "-p", port, "somebody@127.0.0.1"]);
  assert.deepEqual(answer.waitingFor, "line");
  assert.match(answer.prompt, /^Are you sure you want to continue connecting .*\?$/);
  await lab.must(["send", "a", "--text", "yes", "--key", "Enter"]);
  await lab.until("a", ({ waitingFor, prompt }) => waitingFor === "password" && /password:$/.test(prompt));
});

test("sudo, which an ordinary user cannot look at, asks for his password", async (t) => {
  const lab = labOfNobody(t);
  const { stdout, stderr } = await lab.asNobody("run", "--pty", "--", "sudo", "-k", "-p", "Password of %p: ", "true");
  const id = stdout.trim();
  const end = await lab.asNobody("wait", id, "--input", "--timeout", "60", "--json");
  assert.equal(end.code, 0, `${stderr} ${end.stdout} ${end.stderr}`);
  const answer = JSON.parse(end.stdout);
  assert.deepEqual([answer.waitingFor, answer.prompt], ["password", "Password of nobody:"]);
  const shown = JSON.parse((await lab.asNobody("show", id, "--json")).stdout);
  assert.equal(shown.waitingFor, "password");
  // Root was asked, and his own process cannot be ended by him: hang up, as a window that is closed.
  const pids = shown.processes.map(({ pid }) => Number(/^Uid:\s+\d+\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))[1]));
  assert.ok(pids.includes(0), "one of them is root's");
  await lab.asNobody("send", id, "--key", "ctrl-c");
  await lab.asNobody("wait", id, "--timeout", "60");
});
