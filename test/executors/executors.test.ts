import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Executor, OpenExecutor } from '../../src/model/executor.ts';
import { open as openDetached } from '../../src/executors/detached/executor.ts';
import { open as openProcess } from '../../src/executors/process/executor.ts';
import { emptyFolder } from '../rig.ts';
import { executorContract, type Subject, works } from './contract.ts';
import { asker, FakeExecutor, type FakeEnd, type World } from './fake.ts';

const cache = emptyFolder();
const environment = { ...process.env, XDG_CACHE_HOME: cache };

/** An executor that runs programs. */
function real(kind: string, open: OpenExecutor, more: Pick<Subject, 'abandoned' | 'loss'>): Subject {
  return {
    kind,
    ...more,
    async open() {
      const opened = await open({ name: kind, settings: {}, engines: {}, environment });
      if (!opened.ok) throw new Error(opened.problems[0]?.message);
      return opened.value;
    },
    log: ({ log }) => readFileSync(log, 'utf8'),
    async abandon({ folder }) {
      const coordinator = spawn(process.execPath, [join(import.meta.dirname, 'coordinator.mjs'), kind, folder], {
        env: environment,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = new Promise((resolve) => coordinator.once('exit', resolve));
      for await (const line of createInterface({ input: coordinator.stdout })) if (line.includes('"ready"')) coordinator.kill('SIGKILL');
      await ended;
    },
  };
}

executorContract(
  real('process', openProcess, {
    abandoned: 'ends',
    loss: { run: 'kill -KILL $PPID; sleep 600', code: 'killed' },
  }),
);

executorContract(
  real('detached', openDetached, {
    abandoned: 'goes on',
    loss: {
      run: 'pid=$PPID; until grep -q run-jo[b] /proc/$pid/cmdline; do read -r _ _ _ pid _ < /proc/$pid/stat; done; kill -KILL $pid; sleep 600',
      code: 'lost',
    },
  }),
);

const world: World = new Map();
const open = (): Executor =>
  new FakeExecutor((attempt): Promise<FakeEnd> | FakeEnd => works[attempt.specification.node]?.script(attempt) ?? 'lost', { world });
let opened = open() as FakeExecutor;

executorContract({
  kind: 'fake',
  async open() {
    opened = open() as FakeExecutor;
    return opened;
  },
  log: ({ log }) =>
    opened.logs
      .get(log)
      ?.map((line) => `${line}\n`)
      .join('') ?? '',
  async abandon(specification) {
    const executor = open();
    const never = new AbortController().signal;
    const hold = await executor.hold({ alone: false, gpu: 0 }, asker(never));
    if (hold === undefined) throw new Error('the executor is not free');
    const lock = { descriptor: -1, path: '', isInherited: true, release: () => undefined };
    await new Promise<void>((resolve) => {
      void executor.execute({ specification, secrets: {}, lock, hold }, () => resolve(), { asked: never, forced: never });
    });
  },
  abandoned: 'goes on',
  loss: { run: '', code: 'lost' },
});
