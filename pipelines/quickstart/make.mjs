// Makes the quickstart's small data, the folder `fashion/` beside this file, from Debian's package dataset-fashion-mnist:
//
//   apt-get install dataset-fashion-mnist
//   node pipelines/quickstart/make.mjs [folder of the four idx files]
//
// Training set: the first 500, 456, 411 … 100 images of the ten classes (3,000; the largest class is five times the smallest), in
// the order of the official training set. Test set: the first 200 of each class of the official test set (2,000).
// The same input gives the same images; the files are committed, so nobody needs to run this.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

const source = process.argv[2] ?? '/usr/share/datasets/fashion-mnist';
const target = join(import.meta.dirname, 'fashion');
const names = ['T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat', 'Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'];
const classes = names.length;
const trainCounts = Array.from({ length: classes }, (_, index) => Math.round(500 - (400 * index) / (classes - 1)));
const testCounts = new Array(classes).fill(200);

/** Reads one gzipped idx file: its dimensions and its bytes. */
function readIdx(name) {
  const bytes = gunzipSync(readFileSync(join(source, name)));
  const rank = bytes[3];
  const shape = Array.from({ length: rank }, (_, index) => bytes.readUInt32BE(4 + 4 * index));
  return { shape, data: bytes.subarray(4 + 4 * rank) };
}

/** Writes one gzipped idx file, without a time and with the same header on every system. */
function writeIdx(name, shape, data) {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt8(0x08, 2);
  header.writeUInt8(shape.length, 3);
  shape.forEach((length, index) => header.writeUInt32BE(length, 4 + 4 * index));
  const packed = gzipSync(Buffer.concat([header, data]), { level: 9 });
  packed[9] = 255;
  writeFileSync(join(target, name), packed);
  return packed.length;
}

/** Takes the first `counts[class]` images of each class, in the order of the set. */
function take(set, counts) {
  const images = readIdx(`${set}-images-idx3-ubyte.gz`);
  const labels = readIdx(`${set}-labels-idx1-ubyte.gz`);
  const [count, height, width] = images.shape;
  const left = [...counts];
  const kept = [];
  for (let index = 0; index < count; index++) {
    if (left[labels.data[index]]-- > 0) kept.push(index);
  }
  const size = height * width;
  const bytes =
    writeIdx(
      `${set}-images-idx3-ubyte.gz`,
      [kept.length, height, width],
      Buffer.concat(kept.map((index) => images.data.subarray(index * size, (index + 1) * size))),
    ) + writeIdx(`${set}-labels-idx1-ubyte.gz`, [kept.length], Buffer.from(kept.map((index) => labels.data[index])));
  console.log(`${set}: ${kept.length} images, ${counts.join(' ')} a class, ${bytes.toLocaleString('en')} bytes`);
}

mkdirSync(target, { recursive: true });
writeFileSync(join(target, 'classes.txt'), names.map((name) => `${name}\n`).join(''));
take('train', trainCounts);
take('t10k', testCounts);
