// All styles in one file: the purged Tabler in a layer below ours, then what css/all.css names, in its order.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { PurgeCSS } from "purgecss";

export async function makeStyles(root, vendor, output) {
  const folder = path.join(root, "static/css");
  const parts = await imports(folder);
  const joined = `${await foreign(root, vendor)}\n${parts.join("\n")}`;
  return hashFonts(squeeze(joined), vendor, output);
}

async function imports(folder) {
  const index = await readFile(path.join(folder, "all.css"), "utf8");
  const parts = [index.match(/@layer [^;]+;/)[0]];
  for (const [, name] of index.matchAll(/@import url\("(?!\.\.)([^"]+)"\)/g)) parts.push(await readFile(path.join(folder, name), "utf8"));
  return parts;
}

// Only the rules whose classes occur in our templates and scripts: 620 kB become about a tenth.
async function foreign(root, vendor) {
  const [tabler] = await new PurgeCSS().purge({
    content: [path.join(root, "web/templates/**/*.html"), path.join(root, "static/js/**/*.js")],
    css: [path.join(vendor, "tabler.css")],
    keyframes: true,
    fontFace: true,
    variables: true,
    // Charts bring their own style; Tabler's is for another library.
    blocklist: [/^apexcharts/],
  });
  const uplot = await readFile(path.join(vendor, "uplot.css"), "utf8");
  return `@layer tabler{${tabler.css.replace(/@charset "[^"]*";/, "")}${uplot}}`;
}

// Comments and line breaks go; strings in our styles hold neither.
function squeeze(css) {
  return css.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\s*\n\s*/g, "\n").replace(/\n+/g, "\n").trim();
}

async function hashFonts(css, vendor, output) {
  let done = css;
  for (const [whole, name] of css.matchAll(/url\("\.\.\/vendor\/(fonts\/[^"]+)"\)/g)) {
    const hashed = await output.add(name, await readFile(path.join(vendor, name)));
    done = done.replace(whole, `url("${hashed}")`);
  }
  return done;
}
