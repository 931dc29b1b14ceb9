// The packages as OpenCode itself installs them, in a fresh home.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { call, say } from "../opencode/lib/model.mjs";
import { playPipeline } from "../opencode/lib/pipeline.mjs";
import { pipeline } from "../opencode/lib/projects.mjs";
import { idIn } from "../opencode/lib/results.mjs";
import { hasTools } from "../opencode/lib/tools.mjs";
import { cacheOf, copyName, PACKAGES, PROGRAMS, programOf, VERSION, withRegistry } from "./lib/installed.mjs";

const listed = (name) => execFileSync("tar", ["tzf", join(PACKAGES, `${name}-${VERSION}.tgz`)], { encoding: "utf8" }).trim().split("\n").sort();
const manifest = (name) => JSON.parse(readFileSync(join(PACKAGES, name, "package.json"), "utf8"));
const kilobytes = (name) => execFileSync("du", ["-k", "--apparent-size", join(PACKAGES, `${name}-${VERSION}.tgz`)]).toString().split("\t")[0];
const inPackage = (...names) => ["LICENSE", "README.md", "THIRD-PARTY", "package.json", ...names].map((name) => `package/${name}`).sort();

test("the plugin's package holds the plugin, pins the programs and runs no script", () => {
  assert.deepEqual(listed("opencode-hob"), inPackage("server.js", "tools.json", "tree-sitter-bash.wasm", "tree-sitter.wasm", "tui.js"));
  const { scripts, dependencies, optionalDependencies, license } = manifest("opencode-hob");
  assert.deepEqual([scripts, dependencies, license], [undefined, undefined, "MIT"]);
  assert.deepEqual(optionalDependencies, Object.fromEntries(PROGRAMS.map((name) => [name, VERSION])));
  assert.ok(kilobytes("opencode-hob") < 600, "small");
});

test("a program's package holds one static, stripped file for its processor", () => {
  for (const [name, cpu, machine] of [[PROGRAMS[0], "x64", /X86-64/], [PROGRAMS[1], "arm64", /AArch64/]]) {
    assert.deepEqual(listed(name), inPackage("bin/hob"));
    const about = manifest(name);
    assert.deepEqual([about.version, about.os, about.cpu, about.scripts, about.license], [VERSION, ["linux"], [cpu], undefined, "MIT"]);
    const elf = execFileSync("readelf", ["-hlSW", join(PACKAGES, name, "bin/hob")], { encoding: "utf8" });
    assert.match(elf, machine);
    assert.doesNotMatch(elf, /INTERP|\.debug_|\.symtab/);
    const licences = readFileSync(join(PACKAGES, name, "THIRD-PARTY"), "utf8");
    for (const part of ["GNU C library", "sqlite", "jansson", "pcre2", "vterm", "zlib"]) assert.ok(licences.includes(part), part);
    assert.ok(kilobytes(name) < 2500, "small");
  }
});

test("example 1 with the plugin as OpenCode installed it", async () => {
  await withRegistry({ files: pipeline }, async (lab, registry) => {
    await playPipeline(lab);
    assert.ok(registry.asked.includes(`/opencode-hob/-/opencode-hob-${VERSION}.tgz`), "the plugin came from the registry");
    assert.ok(existsSync(join(cacheOf(lab), "node_modules", PROGRAMS[0])));
    assert.ok(!existsSync(join(cacheOf(lab), "node_modules", PROGRAMS[1])), "the other processor's program did not");
    assert.ok(existsSync(join(lab.hobHome, "bin", copyName(), "hob")));
  });
});

test("without its program the plugin says in one sentence what to do, and that helps", async () => {
  await withRegistry({ names: ["opencode-hob"] }, async (lab, registry) => {
    const said = [];
    lab.model.play("lacking", function* (first) {
      hasTools(first);
      said.push((yield call("createBackgroundProcess", { command: "sleep 1000" })).result);
      yield say("done");
    });
    const turn = async (prompt) => {
      const server = await lab.serve();
      const session = await server.session();
      await server.prompt(session, prompt);
      await server.idle(session);
      return server;
    };
    await (await turn("[[lacking]]")).stop();
    const [, folder] = /^(?:Error: )?The hob program, [^.]* is missing, because its package opencode-hob-linux-x64 was not installed: remove (\S+) and start OpenCode again .*\.$/s.exec(said[0]) ?? [];
    assert.equal(folder, cacheOf(lab), said[0]);

    registry.publish(PACKAGES, ...PROGRAMS);
    rmSync(folder, { recursive: true });
    lab.model.play("helped", function* (first) {
      hasTools(first);
      const { result } = yield call("createBackgroundProcess", { command: "sleep 1000" });
      said.push(result);
      yield say("done");
    });
    const server = await turn("[[helped]]");
    const guard = lab.processes().find(({ command }) => command.startsWith(`hob guard ${idIn(said[1])}`));
    assert.equal(programOf(guard.pid), join(lab.hobHome, "bin", copyName(), "hob"), "it runs from the copy");
    await server.stop();
  });
});

test("the built folder is a plugin as it is", async () => {
  await withRegistry({ names: [] }, async (lab, registry) => {
    lab.config = {};
    lab.configure(undefined, join(PACKAGES, "opencode-hob"));
    let started;
    lab.model.play("folder", function* (first) {
      hasTools(first);
      started = (yield call("createBackgroundProcess", { command: "sleep 1000" })).result;
      yield say("done");
    });
    const server = await lab.serve();
    const session = await server.session();
    await server.prompt(session, "[[folder]]");
    await server.idle(session);
    assert.match(started, new RegExp(`^${idIn(started)} running, pid \\d+`));
    assert.deepEqual(registry.asked, []);
  });
});
