/** What is changed, and the tests that are asked: those of the room that need no process and little time, since each runs very often. */
export interface Group {
  readonly changed: readonly string[];
  readonly tests: readonly string[];
}

/** A small change of the code, and what became of it. */
export interface Mutant {
  readonly file: string;
  /** Line and column. */
  readonly at: string;
  /** The whole line in which it begins. */
  readonly line: string;
  readonly original: string;
  readonly replacement: string;
  /** Stryker's word: Killed, Timeout, Survived, NoCoverage. */
  readonly status: string;
}

const store = (...names: readonly string[]): string[] => names.map((name) => `src/stores/local/${name}.ts`);
const tests = (folder: string, ...names: readonly string[]): string[] => names.map((name) => `test/${folder}/${name}.test.ts`);

/** The rooms by name, in groups whose tests are asked together. */
export const rooms: Readonly<Record<string, readonly Group[]>> = {
  fingerprint: [
    {
      changed: ['src/engine/fingerprint.ts', 'src/model/fingerprint.ts'],
      tests: [...tests('engine', 'engine-use', 'fingerprint'), ...tests('model', 'fingerprint')],
    },
  ],
  plan: [{ changed: ['src/engine/plan.ts'], tests: tests('engine', 'plan', 'planned') }],
  schedule: [
    {
      changed: ['src/engine/schedule.ts', 'src/engine/slots.ts', 'src/engine/remakes.ts'],
      tests: tests('engine', 'schedule', 'slots', 'waiting', 'remakes'),
    },
  ],
  store: [
    { changed: store('results', 'shapes'), tests: tests('stores', 'results', 'shapes') },
    { changed: store('blobs', 'loose-blobs', 'stamps'), tests: tests('stores', 'blobs', 'loose-blobs', 'stamps', 'rot') },
    {
      changed: store(...['entry', 'scan', 'table', 'known', 'segment', 'segments', 'writer', 'compact'].map((name) => `segments/${name}`)),
      tests: tests('stores', 'segments', 'blobs', 'rot', 'garbage'),
    },
    { changed: store('artifacts', 'folders'), tests: tests('stores', 'artifacts', 'attributes', 'folders', 'placed', 'rot') },
    {
      changed: store('sources', 'source-notes', 'packed-files', 'bundles'),
      tests: tests('stores', 'sources', 'folders', 'bundles', 'rot'),
    },
    { changed: store('gc', 'leftovers'), tests: tests('stores', 'maintenance', 'garbage') },
    { changed: store('runs', 'run-index', 'tags'), tests: tests('stores', 'runs', 'tags') },
    { changed: store('contents'), tests: tests('stores', 'contents', 'rot') },
    { changed: store('published'), tests: tests('stores', 'published', 'rot') },
  ],
};
