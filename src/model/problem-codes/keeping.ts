import type { ProblemExplanation } from './explanation.ts';

/** What has run and is kept: runs, tags, packs, the store. */
export const keepingCodes = {
  'ambiguous-run': {
    means: 'The word that should name a run is the beginning of the ids or hashes of several.',
    remedy: 'Write more of it, or give the run a name with `stillroom tag`.',
  },
  'bad-filter': {
    means: 'The filter of `stillroom runs --where` cannot be read.',
    remedy: 'Write comparisons joined by `and`, `or` and `not`: student.lr<0.01 and (accuracy>0.8 or state=failed).',
  },
  'bad-pack': {
    means: 'A file that should be a packed run is damaged, is no pack, or holds something that a run cannot be made of.',
    remedy: 'Make it again with `stillroom pack`, or copy it again: nothing of it was used.',
  },
  'bad-tag': {
    means: 'A run cannot be given this name.',
    remedy: 'Use letters, digits, "-", "_" and dots, begin with a letter, and choose nothing that could be a hash.',
  },
  'files-exist': {
    means: '`stillroom init` would overwrite files.',
    remedy: 'Choose another folder.',
  },
  'folder-in-use': {
    means: 'The folder that should take outputs is not empty.',
    remedy: 'Name a new folder.',
  },
  'missing-content': {
    means: 'Bytes that a recorded run needs are not in the store any more, or are damaged.',
    remedy: 'Look for damage with `stillroom verify`; outputs are made again by `stillroom reproduce`.',
  },
  'newer-record': {
    means: 'A newer Stillroom recorded this run.',
    remedy: 'Update Stillroom to read it.',
  },
  'no-runs': {
    means: 'Nothing has run in this store yet.',
    remedy: 'Run a pipeline first: stillroom run FILE.',
  },
  'pack-unwritten': {
    means: 'A packed run could not be written: the disk is full, the folder is not there, or whoever read it went away.',
    remedy: 'Write it to another place; what was written of it is no pack.',
  },
  'record-too-old': {
    means: 'An earlier Stillroom recorded the run without all that doing it again needs.',
    remedy: 'Run its pipeline again.',
  },
  'run-not-done': {
    means: 'Only a run that came to its end can be reproduced or packed.',
    remedy: 'Choose another: stillroom runs --where state=done.',
  },
  'store-in-use': {
    means: 'The store cannot be had alone (or at all) because another process uses it.',
    remedy: 'Wait until that has ended, or use `stillroom gc --wait`.',
  },
  'store-unwritable': {
    means: 'The store’s folder cannot be written: no permission, no space, a read-only disk.',
    remedy: 'Make room or give permission, or choose another store with --store FOLDER.',
  },
  'store-without-locks': {
    means: 'The store lies on a file system whose locks cannot be trusted, such as NFS.',
    remedy: 'Choose a store on a local disk with --store FOLDER.',
  },
  'sweep-is-live': {
    means: 'Another process is running this very sweep.',
    remedy: 'Wait for it, or stop it: what it has finished is kept.',
  },
  'unknown-column': {
    means: 'No run has a param, metric or column of this name.',
    remedy: 'Follow the suggestion; `stillroom runs --json` shows all names.',
  },
  'unknown-run': {
    means: 'No run of the store has this id, hash or tag.',
    remedy: 'Look for it with `stillroom runs`; @latest is the newest.',
  },
  'unknown-tag': {
    means: 'No run has been given this name.',
    remedy: 'List the names: stillroom tag.',
  },
  'unreadable-record': {
    means: 'Records of runs are damaged or were written by a newer Stillroom; what they keep is not known.',
    remedy: 'Update Stillroom, or move those files out of runs/ in the store.',
  },
} as const satisfies Readonly<Record<string, ProblemExplanation>>;
