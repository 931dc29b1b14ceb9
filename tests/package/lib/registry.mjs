// A registry on 127.0.0.1 that knows the packages in one folder and nothing else.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { basename, join } from "node:path";

export class Registry {
  #server;
  #packages = new Map();
  /** The paths that were asked for. */
  asked = [];

  static async start() {
    const registry = new Registry();
    registry.#server = createServer((request, response) => registry.#answer(request, response)).listen(0, "127.0.0.1");
    await once(registry.#server, "listening");
    registry.url = `http://127.0.0.1:${registry.#server.address().port}/`;
    return registry;
  }

  /** Publishes what tools/package left in FOLDER for these names. */
  publish(folder, ...names) {
    for (const name of names) {
      const manifest = JSON.parse(readFileSync(join(folder, name, "package.json"), "utf8"));
      const file = join(folder, `${name}-${manifest.version}.tgz`);
      const bytes = readFileSync(file);
      const known = this.#packages.get(name) ?? { versions: {}, tarballs: new Map() };
      const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
      known.tarballs.set(basename(file), bytes);
      known.versions[manifest.version] = { ...manifest, dist: { integrity, tarball: `${this.url}${name}/-/${basename(file)}` } };
      known.latest = manifest.version;
      this.#packages.set(name, known);
    }
  }

  stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer({ url }, response) {
    this.asked.push(url);
    const [, name, file] = /^\/([^/]+)(?:\/-\/([^/]+))?$/.exec(decodeURIComponent(url)) ?? [];
    const known = this.#packages.get(name);
    const tarball = file && known?.tarballs.get(file);
    if (tarball) return response.writeHead(200, { "content-type": "application/octet-stream" }).end(tarball);
    if (!known || file) return response.writeHead(404, { "content-type": "application/json" }).end('{"error":"not found"}');
    const { versions, latest } = known;
    const text = JSON.stringify({ name, "dist-tags": { latest }, versions });
    response.writeHead(200, { "content-type": "application/json" }).end(text);
  }
}
