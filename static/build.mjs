// Makes static/dist from our own files and what npm brought: run by `python -m app.assets`, which installs and stamps.
// Everything is written into a folder of its own first, so that a build cut short leaves the old files in place.
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { makeSprite } from "./build/icons.mjs";
import { Output } from "./build/output.mjs";
import { makeScripts } from "./build/scripts.mjs";
import { makeStyles } from "./build/styles.mjs";
import { copyVendor } from "./build/vendor.mjs";

const root = path.resolve(import.meta.dirname, "..");
const dist = path.join(root, "static/dist");
const fresh = `${dist}.new`;

await rm(fresh, { recursive: true, force: true });
await mkdir(fresh, { recursive: true });
const vendor = await copyVendor(root);
const output = new Output(fresh);
await output.copy(path.join(root, "static/img"), "img", [".svg", ".png", ".webmanifest"]);
await output.add("icons.svg", await makeSprite(root));
await output.add("app.css", await makeStyles(root, vendor, output));
await makeScripts(root, vendor, output);
await output.writeManifest();
await rm(dist, { recursive: true, force: true });
await rename(fresh, dist);

const css = await readFile(path.join(dist, `${output.manifest["app.css"]}.br`));
console.log(`${Object.keys(output.manifest).length} files; styles ${(css.length / 1024).toFixed(1)} kB on the wire`);
