import { defineStage, param } from 'stillroom';

export default defineStage({
  about: 'Decode and resize images once, into a packed training set and a packed test set.',
  params: {
    size: param.int({ min: 8, max: 1024, default: 224, about: 'Height and width of the prepared images.' }),
    channels: param.int({ min: 1, max: 3, default: 3, about: '1 (grey) or 3 (sRGB).' }),
    fit: param.choice(['pad', 'shrink', 'cover', 'stretch'], {
      default: 'pad',
      about: 'pad: scale the whole image and pad; shrink: the same, never enlarging; cover: fill and crop; stretch: ignore proportions.',
    }),
    background: param.int({ min: 0, max: 255, default: 0, about: 'Grey value of padding and behind transparent pixels.' }),
    classes: param.strings({ default: [], about: 'The class names in order; none: those that the source gives, in byte order.' }),
    layout: param.choice(['found', 'folders', 'split', 'table'], {
      default: 'found',
      about:
        'Where a folder could be read in several ways. folders: class folders; split: train, val, test with class folders; table: by its CSV.',
    }),
    table: param.string({ default: '', about: 'The CSV in the folder with the labels, where it holds several; empty: the only one.' }),
    name_column: param.string({ default: '', about: 'The column of the CSV that names the images; empty: found by its head.' }),
    label_column: param.string({ default: '', about: 'The column of the CSV that names the classes; empty: found by its head.' }),
    test_share: param.number({
      above: 0,
      below: 1,
      default: 0.2,
      about: 'Where the sources hold no test set: the share of each class that is held out as one.',
    }),
    train_images: param.int({ min: 0, default: 0, about: 'Keep only so many training images, with the classes in proportion; 0 for all.' }),
    seed: param.int({ default: 0, about: 'Chooses which images are held out, and which training images are kept.' }),
    unreadable: param.choice(['fail', 'report'], {
      default: 'fail',
      about: 'fail: end with the names of all files that cannot be read; report: leave them out and name them in the report.',
    }),
  },
  inputs: {
    images: {
      kind: 'dir',
      about: 'The images: class folders, a split into `train` and `val`, files beside a CSV of labels, or idx files.',
    },
    labels: { kind: 'file?', about: 'The CSV of labels, where it does not lie beside the images.' },
    test: { kind: 'dir?', about: 'The images of the test set, in any of these forms; without it, `test_share` of each class is held out.' },
    test_labels: { kind: 'file?', about: 'The CSV of the labels of `test`.' },
  },
  outputs: {
    train: { kind: 'dir', about: 'The packed training set.' },
    test: { kind: 'dir', about: 'The packed test set, with its encoded files.' },
    report: { kind: 'file.json', about: 'Images of each class, files that could not be read and why, and files that were ignored.' },
  },
  metrics: {
    train_images: { about: 'Images in the training set.' },
    test_images: { about: 'Images in the test set.' },
    classes: { about: 'Number of classes.' },
    imbalance: { about: 'Images of the largest class for each image of the smallest, in the training set.' },
    unreadable: { about: 'Files that could not be read and were left out.', goal: 'minimize' },
  },
  resources: { cpu: 2, memory: '1GiB' },
  run: () => import('./run.ts'),
});
