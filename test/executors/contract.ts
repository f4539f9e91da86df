import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { shareLock, tryLockFile } from '../../src/files/lock.ts';
import { writeSealed } from '../../src/files/sealed.ts';
import type { Executor, JobEvent, Stop } from '../../src/model/executor.ts';
import { type ExitRecord, JOB_FILE, JOB_FORMAT, type JobProgram, type JobSpecification } from '../../src/model/job.ts';
import { emptyFolder, isAlive } from '../rig.ts';
import { attemptIn } from './attempt-in.ts';
import { asker, type FakeAttempt, type FakeEnd } from './fake.ts';

/** Something to be executed, for executors that run programs and for one that follows scripts. */
interface Work {
  /** A command. */
  readonly run?: string;
  /** The bundle of a stage. */
  readonly bundle?: string;
  readonly script: (attempt: FakeAttempt) => Promise<FakeEnd> | FakeEnd;
}

const CANARY = 'canary-0815-secret';

/** Waits until a file stands in the working folder. */
async function released({ specification, wait }: FakeAttempt): Promise<void> {
  while (!existsSync(join(specification.folder, 'work', 'released'))) await wait(2);
}

/** What the contract has executed, by the name of the node. */
export const works: Readonly<Record<string, Work>> = {
  measures: {
    run: `echo hello; echo '{"accuracy": 0.5}' > metrics.json; echo result > out.txt`,
    script: ({ log, write }) => {
      log('hello');
      write('out', 'result\n');
      return { metrics: { accuracy: 0.5 } };
    },
  },
  fails: { run: 'exit 3', script: () => ({ fails: 'ended with exit code 3' }) },
  tells: {
    bundle: `export const modules = {};
      export const run = ({ progress, metric }) => {
        progress(1, 4);
        metric('loss', 0.5, { step: 1 });
        process.stdout.write('one\\ntwo\\nno end');
      };`,
    script: ({ progress, metric, log }) => {
      progress(1, 4);
      metric('loss', 0.5, 1);
      for (const line of ['one', 'two', 'no end']) log(line);
      return {};
    },
  },
  hides: {
    run: `echo "it is $TOKEN"; printf %s "$TOKEN" | wc -c | tr -d ' ' > out.txt; echo '{}' > metrics.json`,
    script: ({ secrets, log, write }) => {
      log(`it is ${secrets['TOKEN']}`);
      write('out', `${secrets['TOKEN']?.length}\n`);
      return {};
    },
  },
  obeys: {
    run: `trap 'echo saved > out.txt; exit 0' TERM; echo ready; while :; do sleep 0.02; done`,
    script: async ({ log, signal, wait, write }) => {
      log('ready');
      while (!signal.aborted) await wait(2);
      write('out', 'saved\n');
      return {};
    },
  },
  resists: {
    run: `trap '' TERM; echo ready; while :; do sleep 0.02; done`,
    script: async ({ log, wait }) => {
      log('ready');
      await wait();
      return {};
    },
  },
  dawdles: {
    run: 'echo ready; sleep 600',
    script: async ({ log, wait }) => {
      log('ready');
      await wait();
      return {};
    },
  },
  waits: {
    run: `echo $$ > pid; echo x >> count; echo ready
      while test ! -e released; do sleep 0.02; done
      echo whole > out.txt; echo '{"accuracy": 1}' > metrics.json`,
    script: async (attempt) => {
      writeFileSync(join(attempt.specification.folder, 'work', 'count'), 'x\n', { flag: 'a' });
      attempt.log('ready');
      await released(attempt);
      attempt.write('out', 'whole\n');
      return { metrics: { accuracy: 1 } };
    },
  },
};

/** An executor under test. */
export interface Subject {
  readonly kind: string;
  /** Opens it anew, as another coordinator does. */
  open(): Promise<Executor>;
  /** What an attempt printed. */
  log(job: JobSpecification): string;
  /** Has an attempt executed by a coordinator that is killed once the attempt has said that it is ready. */
  abandon(job: JobSpecification): Promise<void>;
  /** What becomes of an attempt whose coordinator was killed: the next one takes it over, or finds that it ended with it. */
  readonly abandoned: 'goes on' | 'ends';
  /** A command that kills whoever executes it, and the code of the problem that comes of it. */
  readonly loss: { readonly run: string; readonly code: string };
}

const never = new AbortController().signal;

/** Prepares an attempt at one of the works. */
function attemptAt(node: string, more: Partial<JobSpecification> = {}): JobSpecification {
  const folder = emptyFolder();
  for (const name of ['work', 'home', 'tmp']) mkdirSync(join(folder, name));
  const { run = 'true', bundle } = works[node] ?? {};
  const file = join(folder, 'bundle.mjs');
  if (bundle !== undefined) writeFileSync(file, bundle);
  const program: JobProgram =
    bundle === undefined ? { kind: 'command', run, metrics: 'metrics.json' } : { kind: 'stage', bundle: file, packages: {}, readable: [] };
  const outputs = { out: { path: 'out.txt', kind: 'file' } } as const;
  const specification = attemptIn(folder, program, { executor: 'tested', node, outputs, ...more });
  writeSealed(join(folder, JOB_FILE), specification);
  return specification;
}

interface Executed {
  readonly exit: ExitRecord;
  readonly events: readonly JobEvent[];
}

/** Executes an attempt; `onReady` is called when it says that it is. */
async function execute(
  executor: Executor,
  specification: JobSpecification,
  { stop = { asked: never, forced: never }, secrets = {}, onReady = () => undefined }: Executing = {},
): Promise<Executed> {
  const events: JobEvent[] = [];
  const hold = await executor.hold({ alone: false, gpu: 0 }, asker());
  const lock = shareLock(tryLockFile(join(specification.folder, 'lock')));
  if (hold === undefined || lock === undefined) throw new Error('the executor is not free');
  try {
    const emit = (event: JobEvent): void => {
      events.push(event);
      if (event.type === 'node-log' && event.line === 'ready') onReady();
    };
    return { exit: await executor.execute({ specification, secrets, lock, hold }, emit, stop), events };
  } finally {
    lock.release();
    hold.release();
  }
}

interface Executing {
  readonly stop?: Stop;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly onReady?: () => void;
}

function output({ folder }: JobSpecification): string {
  return readFileSync(join(folder, 'work', 'out.txt'), 'utf8');
}

/** Every file below a folder as one text. */
function allFiles(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'latin1'))
    .join('\n');
}

/** What every executor keeps, whatever it is made of. */
export function executorContract(subject: Subject): void {
  describe(`an executor: ${subject.kind}`, () => {
    test('says how an attempt came to its end, with its metrics; its outputs stand where the specification says', async () => {
      const job = attemptAt('measures');
      const { exit } = await execute(await subject.open(), job);
      expect(exit).toMatchObject({ format: JOB_FORMAT, attempt: job.attempt, ended: 'done', metrics: { accuracy: 0.5 }, last: ['hello'] });
      expect(exit.seconds).toBeGreaterThanOrEqual(0);
      expect(output(job)).toBe('result\n');
    });

    test('says what failed', async () => {
      const { exit } = await execute(await subject.open(), attemptAt('fails'));
      expect(exit).toMatchObject({
        ended: 'failed',
        problem: { kind: 'stage', code: 'exit-code', message: 'fails ended with exit code 3' },
      });
    });

    test('tells progress, metrics and every line, the last one without its end too, and keeps a log', async () => {
      const job = attemptAt('tells');
      const { events } = await execute(await subject.open(), job);
      const node = 'tells';
      expect(events.filter(({ type }) => type !== 'node-log')).toEqual([
        { type: 'node-progress', node, done: 1, total: 4 },
        { type: 'node-metric', node, name: 'loss', value: 0.5, step: 1 },
      ]);
      expect(events.flatMap((event) => (event.type === 'node-log' ? [event.line] : []))).toEqual(['one', 'two', 'no end']);
      expect(subject.log(job)).toBe('one\ntwo\nno end\n');
    });

    test('hands secrets to the program and to nothing else: no file, no log, no event holds them', async () => {
      const job = attemptAt('hides', { secrets: ['TOKEN'] });
      const { exit, events } = await execute(await subject.open(), job, { secrets: { TOKEN: CANARY } });
      expect(output(job)).toBe(`${CANARY.length}\n`);
      expect(subject.log(job)).toBe('it is [secret]\n');
      expect(JSON.stringify({ exit, events }) + allFiles(job.folder)).not.toContain(CANARY);
    });

    test('asks an attempt to end, which may save what it has', async () => {
      const job = attemptAt('obeys');
      const asked = new AbortController();
      const { exit } = await execute(await subject.open(), job, {
        stop: { asked: asked.signal, forced: never },
        onReady: () => asked.abort(),
      });
      expect(exit.ended).toBe('stopped');
      expect(output(job)).toBe('saved\n');
    });

    test('kills one that is not to be waited for', async () => {
      const [asked, forced] = [new AbortController(), new AbortController()];
      const { exit } = await execute(await subject.open(), attemptAt('resists'), {
        stop: { asked: asked.signal, forced: forced.signal },
        onReady: () => {
          asked.abort();
          forced.abort();
        },
      });
      expect(exit.ended).toBe('stopped');
    });

    test('ends one that takes longer than it may', async () => {
      const { exit } = await execute(await subject.open(), attemptAt('dawdles', { timeout: 0.3 }));
      expect(exit).toMatchObject({ ended: 'failed', problem: { code: 'timeout', message: expect.stringContaining('timeout of 0.3 s') } });
    });

    test('does not take a loss for an end', async () => {
      const job = attemptAt('lost', { program: { kind: 'command', run: subject.loss.run } });
      const { exit } = await execute(await subject.open(), job);
      expect(exit).toMatchObject({ ended: 'failed', attempt: job.attempt, problem: { kind: 'stage', code: subject.loss.code } });
    });

    describe('whose coordinator was killed', () => {
      const recover = async (job: JobSpecification, stop: Stop = { asked: never, forced: never }) => {
        const events: JobEvent[] = [];
        const executor = await subject.open();
        const exit = executor.recover(job, (event) => events.push(event), stop);
        return { events, exit };
      };
      const isGone = ({ folder }: JobSpecification): boolean => {
        const file = join(folder, 'work', 'pid');
        return !existsSync(file) || !isAlive(Number(readFileSync(file, 'utf8')));
      };
      const release = ({ folder }: JobSpecification): void => writeFileSync(join(folder, 'work', 'released'), '');

      test('leaves it to the next one, executed once or ended', async () => {
        const job = attemptAt('waits');
        await subject.abandon(job);
        const { events, exit } = await recover(job);
        if (subject.abandoned === 'ends') expect(await exit).toBeUndefined();
        else {
          while (events.length === 0) await sleep(5);
          release(job);
          expect(await exit).toMatchObject({ ended: 'done', attempt: job.attempt, metrics: { accuracy: 1 } });
          expect(events).toContainEqual({ type: 'node-log', node: 'waits', line: 'ready' });
          expect(output(job)).toBe('whole\n');
        }
        expect(readFileSync(join(job.folder, 'work', 'count'), 'utf8')).toBe('x\n');
        expect(isGone(job)).toBe(true);
      });

      test('may have come to its end meanwhile', async () => {
        const job = attemptAt('waits');
        await subject.abandon(job);
        release(job);
        while (!isGone(job)) await sleep(5);
        const { exit } = await recover(job);
        if (subject.abandoned === 'ends') expect(await exit).toBeUndefined();
        else expect(await exit).toMatchObject({ ended: 'done', metrics: { accuracy: 1 } });
      });

      test('is ended where it is not wanted', async () => {
        const job = attemptAt('waits');
        await subject.abandon(job);
        const { exit } = await recover(job, { asked: AbortSignal.abort(), forced: never });
        expect((await exit)?.ended).toBe(subject.abandoned === 'ends' ? undefined : 'stopped');
        expect(isGone(job)).toBe(true);
      });

      test('leaves nothing where nothing was started', async () => {
        expect(await (await recover(attemptAt('waits'))).exit).toBeUndefined();
      });
    });
  });
}
