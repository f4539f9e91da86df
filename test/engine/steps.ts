import { Session } from 'node:inspector';
import { setFlagsFromString } from 'node:v8';

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly { readonly ranges: readonly { readonly count: number }[] }[];
  }[];
}

/** How often parts of our sources were executed, by file, and how many elements what is built in went through, by its name. */
export type Steps = ReadonlyMap<string, number>;

/** What goes through all that it is called on, whatever it looks for, and what goes through as much as is asked of it. */
const WALKS: readonly (readonly [object, readonly PropertyKey[]])[] = [
  [Array.prototype, ['includes', 'indexOf', 'slice', 'concat', 'join', 'toReversed', 'toSorted', 'with']],
];
const ITERATORS: readonly (readonly [object, readonly PropertyKey[]])[] = [
  [Array.prototype, [Symbol.iterator, 'entries', 'keys']],
  [Set.prototype, [Symbol.iterator]],
  [Map.prototype, [Symbol.iterator, 'entries', 'keys', 'values']],
];

/** Counts the steps of what is done: parts of `src` by the coverage of V8, and walks of lists that no part of ours makes. */
export class StepCounter {
  private readonly session = new Session();

  constructor() {
    // Calls of what is optimised are not counted while it is called from what is optimised too, and when that comes is chance.
    setFlagsFromString('--no-opt');
    this.session.connect();
    this.post('Profiler.enable');
    this.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  private post(method: string, params: object = {}): unknown {
    let answer: unknown;
    this.session.post(method, params, (error, result) => {
      if (error !== null) throw error;
      answer = result;
    });
    return answer;
  }

  /** The steps that something takes. */
  async of(work: () => Promise<void>): Promise<Steps> {
    const steps = new Map<string, number>();
    const restore = countWalks(steps);
    this.post('Profiler.takePreciseCoverage');
    await work();
    const { result } = this.post('Profiler.takePreciseCoverage') as Coverage;
    restore();
    for (const { url, functions } of result) {
      const [, file] = /\/(src\/.*\.ts)$/.exec(url) ?? [];
      if (file === undefined) continue;
      const counts = functions.flatMap(({ ranges }) => ranges.map(({ count }) => count));
      steps.set(
        file,
        counts.reduce((sum, count) => sum + count, 0),
      );
    }
    return steps;
  }

  end(): void {
    this.session.disconnect();
    setFlagsFromString('--opt');
  }
}

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Puts something in place of methods of what is built in, until it is taken back. */
function replaced(methods: typeof WALKS, by: (method: Method, key: string) => Method): () => void {
  const restores = methods.flatMap(([prototype, names]) =>
    names.map((name) => {
      const before = Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor;
      Object.defineProperty(prototype, name, {
        ...before,
        value: by(before.value as Method, `${prototype.constructor.name} ${String(name)}`),
      });
      return () => Object.defineProperty(prototype, name, before);
    }),
  );
  return () => {
    for (const restore of restores) restore();
  };
}

function countWalks(steps: Map<string, number>): () => void {
  const add = (key: string, count: number): void => void steps.set(key, (steps.get(key) ?? 0) + count);
  const restoreWalks = replaced(
    WALKS,
    (walk, key) =>
      function (this: unknown, ...args) {
        add(key, (this as ArrayLike<unknown>).length);
        return walk.apply(this, args);
      },
  );
  const restoreIterators = replaced(
    ITERATORS,
    (walk, key) =>
      function (this: unknown, ...args) {
        const iterator = walk.apply(this, args) as Iterator<unknown>;
        const next = iterator.next.bind(iterator);
        iterator.next = () => {
          add(key, 1);
          return next();
        };
        return iterator;
      },
  );
  return () => {
    restoreIterators();
    restoreWalks();
  };
}
