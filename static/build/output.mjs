// One written file: its name carries a hash of its content, .br and .gz stand beside it, the manifest knows it by its plain name.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const COMPRESSED = new Set([".css", ".js", ".svg", ".json", ".webmanifest"]);
// Below this the frame of the answer weighs more than what compression saves.
const COMPRESS_FROM_BYTES = 256;

export class Output {
  manifest = {};

  constructor(folder) {
    this.folder = folder;
  }

  // Writes `content` under the hashed form of `name` and returns that form.
  async add(name, content) {
    const bytes = Buffer.from(content);
    const { dir, name: stem, ext } = path.posix.parse(name);
    const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
    const hashed = path.posix.join(dir, `${stem}.${hash}${ext}`);
    const target = path.join(this.folder, hashed);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, bytes);
    if (COMPRESSED.has(ext) && bytes.length >= COMPRESS_FROM_BYTES) await writeCompressed(target, bytes);
    this.manifest[name] = hashed;
    return hashed;
  }

  // Adds every file of a folder that has one of the endings.
  async copy(folder, prefix, endings) {
    for (const name of (await readdir(folder)).sort()) {
      if (endings.includes(path.extname(name))) await this.add(`${prefix}/${name}`, await readFile(path.join(folder, name)));
    }
  }

  async writeManifest() {
    await writeFile(path.join(this.folder, "manifest.json"), JSON.stringify(this.manifest, null, 1));
  }
}

async function writeCompressed(target, bytes) {
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
  await writeFile(`${target}.br`, await promisify(brotliCompress)(bytes, quality));
  await writeFile(`${target}.gz`, await promisify(gzip)(bytes, { level: 9 }));
}
