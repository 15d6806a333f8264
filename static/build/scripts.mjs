// Our modules stay modules: each gets a hashed name, and imports are written to the hashed names. So what is imported comes first.
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

const IMPORT = /(from\s*|import\s*\(\s*|import\s+)"(\.[^"]+)"/g;

export async function makeScripts(root, vendor, output) {
  const folder = path.join(root, "static/js");
  const add = adder(folder, output);
  for (const name of ["htmx.js", "idb.js", "uplot.js", "zxing.js"]) await output.add(`js/vendor/${name}`, await readFile(path.join(vendor, name)));
  const names = await readdir(folder, { recursive: true });
  for (const name of names.filter((each) => each.endsWith(".js")).sort()) await add(name.split(path.sep).join("/"), []);
}

function adder(folder, output) {
  return async function add(name, importers) {
    if (importers.includes(name)) throw new Error(`Scripts import one another in a circle: ${[...importers, name].join(" → ")}`);
    const known = output.manifest[`js/${name}`];
    if (known) return known;
    const source = await readFile(path.join(folder, name), "utf8");
    const hashed = new Map();
    for (const [, , specifier] of source.matchAll(IMPORT)) {
      const target = path.posix.join(path.posix.dirname(name), specifier);
      hashed.set(specifier, relative(name, await add(target, [...importers, name])));
    }
    return output.add(`js/${name}`, source.replace(IMPORT, (_, before, specifier) => `${before}"${hashed.get(specifier)}"`));
  };
}

// From the script `name` to a written file, as an import wants it.
function relative(name, written) {
  const way = path.posix.relative(path.posix.dirname(`js/${name}`), written);
  return way.startsWith(".") ? way : `./${way}`;
}
