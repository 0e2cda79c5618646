// Runs in a consumer's folder, on any supported Node: loads every package by `import` and by
// `require`, and registers those that are Fastify plugins. See consumer.ts.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
// biome-ignore lint/correctness/noUndeclaredDependencies: the consumer's own, a peer of what it has installed
import Fastify from "fastify";

const require = createRequire(import.meta.url);
const readJson = (file) => JSON.parse(readFileSync(file, "utf8"));
const { names } = readJson("package.json");
const options = readJson("options.json");
const isPlugin = (value) => typeof value === "function" && Symbol.for("plugin-meta") in value;

for (const name of names) {
  const folder = join("node_modules", name);
  const manifest = readJson(join(folder, "package.json"));
  checkManifest(manifest, folder);
  for (const entry of Object.keys(manifest.exports).filter((entry) => !entry.endsWith(".json"))) {
    const specifier = join(name, entry);
    const imported = await import(specifier);
    const required = require(specifier);
    // Node adds this key to what `require` returns, for the sake of transpiled code.
    const exported = Object.keys(required).filter((key) => key !== "__esModule");
    assert.deepEqual(exported.sort(), Object.keys(imported).sort(), specifier);
    if (!isPlugin(imported.default)) continue;
    // Fastify takes the module as `require` returns it, its default export included.
    for (const plugin of [imported.default, required]) await register(specifier, plugin);
  }
  for (const command of Object.keys(manifest.bin ?? {})) {
    execFileSync(join("node_modules/.bin", command), ["--help"], { stdio: "ignore" });
  }
}
console.log(`${names.length} packages load and register on Node ${process.versions.node}`);

function checkManifest(manifest, folder) {
  const text = JSON.stringify(manifest);
  for (const leftover of ["workspace:", "catalog:", "@enfilade/source"]) {
    assert(!text.includes(leftover), `${manifest.name} was packed with "${leftover}" in it`);
  }
  for (const file of ["README.md", "LICENSE", "CHANGELOG.md", "dist/index.js", "dist/index.d.ts"]) {
    assert(existsSync(join(folder, file)), `${manifest.name} was packed without ${file}`);
  }
  assert(!existsSync(join(folder, "dist/.tsbuildinfo")), `${manifest.name} ships .tsbuildinfo`);
}

async function register(specifier, plugin) {
  const app = Fastify();
  try {
    await app.register(plugin, options[specifier] ?? {});
    await app.ready();
  } catch (error) {
    throw new Error(`${specifier} does not register; does scripts/smoke-options.ts lack it?`, {
      cause: error,
    });
  } finally {
    await app.close();
  }
}
