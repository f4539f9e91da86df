// Makes a folder of class folders for `fashion-2020.yaml` of real photographs: seven unbalanced classes of the solar cells in PyPI's package
// elpv-dataset (2,624 electroluminescence photographs of 300 × 300 px; Buerhop et al. 2018, Deitsch et al. 2019; CC BY-NC-SA 4.0, so they
// are not bundled):
//
//   pip download --no-deps elpv-dataset==1.0.0.post1 && unzip -q elpv_dataset-*.whl
//   node pipelines/solar-cells/make.mjs elpv_dataset/data FOLDER
//
// A class is the kind of cell (mono- or polycrystalline) with how surely people called it defective: not (0), perhaps (1/3), or
// surely (1); the few of 2/3 are one class of both kinds. Images become JPEGs of quality 90, as photographs are. The same input gives the
// same files.
import { mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import sharp from 'sharp';

const [source, target] = process.argv.slice(2);
if (source === undefined || target === undefined) throw new Error('usage: make.mjs elpv_dataset/data FOLDER');

/** The class of a cell. */
function classOf(kind, probability) {
  if (probability === 0) return `${kind}-sound`;
  if (probability === 1) return `${kind}-defective`;
  return probability < 0.5 ? `${kind}-doubtful` : 'any-suspect';
}

const counts = new Map();
const lines = readFileSync(join(source, 'labels.csv'), 'utf8').trim().split('\n');
for (const line of lines) {
  const [path, probability, kind] = line.trim().split(/\s+/);
  const name = classOf(kind, Number(probability));
  mkdirSync(join(target, name), { recursive: true });
  await sharp(join(source, path))
    .jpeg({ quality: 90 })
    .toFile(join(target, name, `${basename(path, '.png')}.jpg`));
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
for (const [name, count] of [...counts].sort(([, left], [, right]) => right - left)) console.log(`${name}: ${count}`);
