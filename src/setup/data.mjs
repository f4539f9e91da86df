// `npm run data`: fills pipelines/fashion-mnist/ (git-ignored) with the full Fashion-MNIST, 60,000 training and 10,000 test images, of a checkout
// or, called as below, of the folder that it is called in,
// from Debian's package dataset-fashion-mnist or from a folder that holds the four official files:
//
//   npm run data [-- FOLDER]
//   node node_modules/stillroom/src/setup/data.mjs [FOLDER]
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** SHA-256 of the unpacked official files, so that another gzip of the same bytes is as good. */
const files = {
  't10k-images-idx3-ubyte.gz': '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
  't10k-labels-idx1-ubyte.gz': '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
  'train-images-idx3-ubyte.gz': 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
  'train-labels-idx1-ubyte.gz': 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
};
const classes = ['T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat', 'Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'];
const target = resolve('pipelines', 'fashion-mnist');
const source = process.argv[2] ?? '/usr/share/datasets/fashion-mnist';

/** True if the file is there and unpacks to the official bytes.
 * @param {string} path
 * @param {string} digest
 */
function official(path, digest) {
  if (!existsSync(path)) return false;
  try {
    return (
      createHash('sha256')
        .update(gunzipSync(readFileSync(path)))
        .digest('hex') === digest
    );
  } catch {
    return false;
  }
}

/** Names the classes where `prepare-images` looks for it. An unchanged file is left alone. */
function writeClasses() {
  const path = join(target, 'classes.txt');
  const text = classes.map((name) => `${name}\n`).join('');
  if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileSync(path, text);
}

/** Copies what is missing; ends with 1 and the remedy where a file cannot be had. */
function main() {
  const shown = relative(process.cwd(), target) || target;
  if (existsSync(target)) writeClasses();
  const missing = Object.entries(files).filter(([name, digest]) => !official(join(target, name), digest));
  if (missing.length === 0) return console.log(`${shown} is complete: 60,000 training and 10,000 test images.`);
  const bad = missing.filter(([name, digest]) => !official(join(source, name), digest)).map(([name]) => name);
  if (bad.length > 0) {
    console.error(`${source} does not hold the official ${bad.join(', ')}.`);
    console.error('On Debian or Ubuntu:  sudo apt-get install dataset-fashion-mnist   and then   npm run data');
    console.error('Elsewhere: download the four files of Fashion-MNIST (Zalando Research) into a folder, then   npm run data -- FOLDER');
    process.exitCode = 1;
    return;
  }
  mkdirSync(target, { recursive: true });
  writeClasses();
  for (const [name] of missing) {
    copyFileSync(join(source, name), join(target, `${name}.part`));
    renameSync(join(target, `${name}.part`), join(target, name));
  }
  console.log(`${shown}: ${missing.length} files copied from ${source}. Run it:  npx stillroom run fashion-mnist`);
}

main();
