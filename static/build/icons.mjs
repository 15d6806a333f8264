// One sprite of the Tabler icons that templates and scripts ask for, by `icon("truck")` or `icon="truck"`.
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

const ASKED = /\bicon\s*[(=]\s*["']([a-z0-9-]+)["']/g;

export async function makeSprite(root) {
  const symbols = [];
  for (const name of await askedIn(root)) symbols.push(await symbol(root, name));
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
}

async function askedIn(root) {
  const names = new Set();
  for (const folder of ["web/templates", "static/js"]) {
    for (const file of await readdir(path.join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue;
      const text = await readFile(path.join(file.parentPath ?? file.path, file.name), "utf8");
      for (const [, name] of text.matchAll(ASKED)) names.add(name);
    }
  }
  return [...names].sort();
}

async function symbol(root, name) {
  const file = path.join(root, "node_modules/@tabler/icons/icons/outline", `${name}.svg`);
  const source = await readFile(file, "utf8").catch(() => {
    throw new Error(`A template asks for the icon "${name}", which Tabler does not have`);
  });
  const shapes = source.replace(/^[\s\S]*?<svg[^>]*>/, "").replace("</svg>", "");
  // The first path of every icon is an invisible frame.
  return `<symbol id="${name}" viewBox="0 0 24 24">${shapes.replace(/<path stroke="none"[^>]*>/, "").replace(/\s+/g, " ").trim()}</symbol>`;
}
