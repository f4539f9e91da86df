import type { ProblemExplanation } from './explanation.ts';

/** What has run and is kept: runs, tags, packs, the store. */
export const keepingCodes = {
  'ambiguous-metric': {
    means: 'Several metrics of a run have a name that ends with this word.',
    remedy: 'Write more of it, such as the name of its node or the group that it stands in.',
  },
  'ambiguous-run': {
    means: 'Several runs have an id or hash that starts with this word.',
    remedy: 'Give more characters, or name the run with `stillroom tag`.',
  },
  'ambiguous-sweep': {
    means: 'Several sweeps have an id that starts with this word.',
    remedy: 'Give more characters, or name the sweep with `stillroom tag`.',
  },
  'bad-filter': {
    means: 'The filter of `stillroom runs --where` cannot be read.',
    remedy: 'Write comparisons joined by `and`, `or` and `not`: student.lr<0.01 and (accuracy>0.8 or state=failed).',
  },
  'bad-pack': {
    means: 'A file given as a packed run is damaged, is not a pack, or holds something that cannot be part of a run.',
    remedy: 'Pack the run again with `stillroom pack`, or copy the file again: nothing in it was used.',
  },
  'bad-tag': {
    means: 'A run cannot be given this name.',
    remedy: 'Use letters, digits, "-", "_" and dots, start with a letter, and avoid anything that could be a hash.',
  },
  bug: {
    means: 'Stillroom itself is wrong: something happened that no one foresaw.',
    remedy: 'Report it with the file that the hint names; STILLROOM_STACK=1 prints what stands in it.',
  },
  'does-not-fit': {
    means: '`stillroom gc --max-size` cannot make the store so small: what is tagged, pinned, live or published takes more.',
    remedy: 'Give a larger size, or take tags and pins away: `stillroom tag` lists them, `stillroom doctor` says what takes the room.',
  },
  'folder-in-use': {
    means: 'The folder for what is to be brought back is not empty.',
    remedy: 'Name a new folder, or give `--force` where the verb has it: what else the folder holds stays.',
  },
  'input-damaged': {
    means: 'What a node was to be given was damaged on the disk, and could not be made again within the run.',
    remedy: 'Run again: what is damaged is in quarantine, and is made again. If it happens again, test the disk.',
  },
  'missing-content': {
    means: 'Content that a recorded run needs is no longer in the store, or is damaged.',
    remedy: 'Look for damage with `stillroom verify`; `stillroom reproduce` makes outputs again.',
  },
  'newer-record': {
    means: 'A newer Stillroom recorded this run.',
    remedy: 'Update Stillroom to read it.',
  },
  'no-runs': {
    means: 'Nothing has run in this store yet.',
    remedy: 'Run a pipeline first: stillroom run FILE.',
  },
  'not-kept': {
    means: 'The bytes of a source are not in the store: large ones are read where they lie.',
    remedy: 'Write `keep: true` at the source, and later runs keep what they read.',
  },
  'pack-unwritten': {
    means: 'A packed run could not be written: the disk is full, the folder is not there, or whoever read it went away.',
    remedy: 'Write it to another place; what was written of it is no pack.',
  },
  'record-too-old': {
    means: 'An earlier Stillroom recorded the run without everything that reproducing it needs.',
    remedy: 'Run its pipeline again.',
  },
  'remote-failed': {
    means: 'What was to be sent to a remote, or fetched from it, did not arrive, or could not be proven.',
    remedy: 'Read what was told of it before, and try again; what has arrived stays.',
  },
  'run-is-kept': {
    means: '`stillroom gc --run` names a run that is tagged, pinned or live.',
    remedy: 'Take its tag or pin away, or wait until it has ended.',
  },
  'run-not-done': {
    means: 'Only a run that finished can be reproduced or packed.',
    remedy: 'Choose another: stillroom runs --where state=done.',
  },
  'store-in-use': {
    means: 'Another process is using the store, so it cannot be used alone (or at all).',
    remedy: 'Wait until that process has ended, or use `stillroom gc --wait`.',
  },
  'store-unwritable': {
    means: 'Something in the store could not be written or read: no permission, no space, a read-only disk, or one with errors.',
    remedy: 'Free some space, change the permissions, or choose another store with --store FOLDER; the store itself stays whole.',
  },
  'store-without-locks': {
    means: 'The store lies on a file system that holds neither locks nor hard links, by which those who use it are kept apart.',
    remedy: 'Choose a store on another disk with --store FOLDER.',
  },
  'sweep-is-live': {
    means: 'Another process is already running this sweep.',
    remedy: 'Wait for it or stop it: the trials that it has finished are kept.',
  },
  'system-failure': {
    means: 'The operating system refused something outside the work of a node: a file, a folder, a lock or a process.',
    remedy: 'Follow the hint: the message names the path and the reason. Nothing that was kept before is lost.',
  },
  'unknown-column': {
    means: 'No run has a param, metric or column of this name.',
    remedy: 'Follow the suggestion; `stillroom runs --json` shows all names.',
  },
  'unknown-run': {
    means: 'No run in the store has this id, hash or tag.',
    remedy: '`stillroom runs` lists them; @latest is the newest.',
  },
  'unknown-sweep': {
    means: 'No sweep in the store has this id or tag.',
    remedy: '`stillroom sweeps` lists them; @latest-sweep is the one that was at work last.',
  },
  'unknown-tag': {
    means: 'No run and no sweep has this tag.',
    remedy: '`stillroom tag` lists all tags.',
  },
  'unreadable-record': {
    means: 'Some records of runs, tags or pins are damaged or were written by a newer Stillroom, so it is not known what they keep.',
    remedy:
      '`stillroom verify` says what damage costs and moves it to quarantine, after which gc goes on; a newer record needs a newer Stillroom.',
  },
} as const satisfies Readonly<Record<string, ProblemExplanation>>;
