// The terminal part as one module of JavaScript: from a package OpenCode loads no JSX. Solid's own compiler turns it
// into calls, esbuild puts the modules together. What OpenCode brings along itself stays a bare import.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** Builds the terminal part that begins with SOURCE, in the plugin's folder, as OUTFILE. */
export async function prebuild(plugin, source, outfile) {
  const require = createRequire(join(plugin, "package.json"));
  const esbuild = require("esbuild");
  await esbuild.build({
    entryPoints: [join(plugin, source)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "warning",
    external: ["@opentui/*", "solid-js", "solid-js/*"],
    plugins: [{ name: "solid", setup: (build) => build.onLoad({ filter: /\.tsx$/ }, ({ path }) => compile(require, path)) }],
  });
}

/** One module without JSX; esbuild takes the types out of it. */
async function compile(require, path) {
  const { code } = await require("@babel/core").transformAsync(readFileSync(path, "utf8"), {
    filename: path,
    configFile: false,
    babelrc: false,
    parserOpts: { plugins: ["typescript", "jsx"] },
    presets: [[require("babel-preset-solid"), { generate: "universal", moduleName: "@opentui/solid" }]],
  });
  return { contents: code, loader: "ts" };
}
