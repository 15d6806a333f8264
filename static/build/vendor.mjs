// What others made and we serve. Copied under names of ours, so that nothing else in the build knows how a package is laid out.
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";

const FILES = {
  "tabler.css": "@tabler/core/dist/css/tabler.min.css",
  "uplot.css": "uplot/dist/uPlot.min.css",
  "htmx.js": "htmx.org/dist/htmx.min.js",
  "idb.js": "idb/build/index.js",
  "fonts/golos-text-latin.woff2": "@fontsource-variable/golos-text/files/golos-text-latin-wght-normal.woff2",
  "fonts/golos-text-cyrillic.woff2": "@fontsource-variable/golos-text/files/golos-text-cyrillic-wght-normal.woff2",
  "fonts/golos-text-cyrillic-ext.woff2": "@fontsource-variable/golos-text/files/golos-text-cyrillic-ext-wght-normal.woff2",
};

export async function copyVendor(root) {
  const vendor = path.join(root, "static/vendor");
  const packages = path.join(root, "node_modules");
  await rm(vendor, { recursive: true, force: true });
  await mkdir(path.join(vendor, "fonts"), { recursive: true });
  for (const [name, source] of Object.entries(FILES)) await copyFile(path.join(packages, source), path.join(vendor, name));
  // The minified uPlot comes as a global only; a module can be imported when the first chart is on a page.
  const uplot = await readFile(path.join(packages, "uplot/dist/uPlot.iife.min.js"), "utf8");
  await writeFile(path.join(vendor, "uplot.js"), `${uplot}\nexport default uPlot;\n`);
  // The camera's reader of codes is one file only in the form that leaves a global; the source map it names is not served.
  const zxing = await readFile(path.join(packages, "@zxing/browser/umd/zxing-browser.min.js"), "utf8");
  await writeFile(path.join(vendor, "zxing.js"), `${zxing.replace(/\/\/# sourceMappingURL=.*$/m, "")}\nexport default globalThis.ZXingBrowser;\n`);
  return vendor;
}
