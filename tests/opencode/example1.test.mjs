// Example 1 of the first package's README, word for word: a build pipeline.
import { test } from "node:test";
import { Lab } from "./lib/lab.mjs";
import { playPipeline } from "./lib/pipeline.mjs";
import { pipeline } from "./lib/projects.mjs";

test("example 1: a build pipeline", () => Lab.with({ files: pipeline }, playPipeline));
