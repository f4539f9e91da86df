import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, describe, expect, test } from 'vitest';
import { holdMachine } from '../../src/executors/job/machine.ts';
import type { Hold } from '../../src/model/executor.ts';
import type { Waiting, Who } from '../../src/model/waiting.ts';
import { emptyFolder } from '../rig.ts';

const children: ChildProcess[] = [];

afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

/** One user's machine on which holders come and go. What happens is noted in its order. */
class Machine {
  readonly cache = emptyFolder();
  readonly happened: string[] = [];
  private readonly machine: Parameters<typeof holdMachine>[0];

  constructor(patience = 3_600_000) {
    this.machine = { environment: { XDG_CACHE_HOME: this.cache }, devices: ['a', 'b'], patience };
  }

  /** Asks for the machine in a name; the hold comes when it is given. */
  hold(
    node: string,
    { alone = false, beside = false, gpu = 0, isInherited = true, pid = process.pid, signal = new AbortController().signal }: Asking = {},
  ): Asked {
    const { machine, happened } = this;
    let told: (waiting: Waiting) => void = () => undefined;
    const waiting = new Promise<Waiting>((resolve) => {
      told = resolve;
    });
    const onWait = (one: Waiting): void => {
      happened.push(`${node} waits for ${one.for.map((who) => who.node).join(', ')}`);
      told(one);
    };
    const who: Who = { pid, since: new Date().toISOString(), project: '/project', run: 'run-1', node };
    const hold = holdMachine(machine, { alone, beside, gpu, isInherited }, { who, signal, onWait }).then((held) => {
      if (held !== undefined) happened.push(`${node} begins`);
      return held as Hold;
    });
    return { hold, waiting };
  }

  end(node: string, hold: Hold): void {
    this.happened.push(`${node} ends`);
    hold.release();
  }

  /** Everyone of whom a note stands there. */
  notes(): string[] {
    return readdirSync(join(this.cache, 'stillroom/machine/queue'));
  }
}

interface Asking {
  readonly alone?: boolean;
  readonly beside?: boolean;
  readonly gpu?: number;
  readonly isInherited?: boolean;
  /** Of the process that asks, as it says. */
  readonly pid?: number;
  readonly signal?: AbortSignal;
}

interface Asked {
  readonly hold: Promise<Hold>;
  /** The first that is told of its waiting. */
  readonly waiting: Promise<Waiting>;
}

describe.concurrent('one that measures', () => {
  test('lets short ones pass as long as it could not begin anyway, and begins when the long one ends', async () => {
    const machine = new Machine();
    const long = await machine.hold('long').hold;
    const measurer = machine.hold('measurer', { alone: true });
    expect(await measurer.waiting).toMatchObject({
      reason: 'alone',
      message: expect.stringMatching(
        /^waits to have the machine to itself: long of the run run-1 \(\/project\) has been running for \d+ s$/,
      ),
      for: [{ node: 'long', run: 'run-1', project: '/project', pid: process.pid }],
    });
    for (const name of ['short 1', 'short 2']) machine.end(name, await machine.hold(name).hold);
    machine.end('long', long);
    machine.end('measurer', await measurer.hold);
    expect(machine.happened).toEqual([
      'long begins',
      'measurer waits for long',
      'short 1 begins',
      'short 1 ends',
      'short 2 begins',
      'short 2 ends',
      'long ends',
      'measurer begins',
      'measurer ends',
    ]);
    expect(machine.notes()).toEqual([]);
  });

  test('is not overtaken any more once those have ended who came before it', async () => {
    const machine = new Machine();
    const long = await machine.hold('long').hold;
    const measurer = machine.hold('measurer', { alone: true });
    await measurer.waiting;
    const short = await machine.hold('short').hold;
    machine.end('long', long);
    const late = machine.hold('late');
    expect(await late.waiting).toMatchObject({
      reason: 'measurement',
      message: expect.stringContaining('measurer of the run run-1 (/project) is the next to measure and has waited for'),
    });
    machine.end('short', short);
    machine.end('measurer', await measurer.hold);
    machine.end('late', await late.hold);
    expect(machine.happened.slice(-5)).toEqual(['short ends', 'measurer begins', 'measurer ends', 'late begins', 'late ends']);
  });

  test('closes its door when it has waited long enough, and says so', async () => {
    const machine = new Machine(0);
    const long = await machine.hold('long').hold;
    const measurer = machine.hold('measurer', { alone: true });
    expect((await measurer.waiting).message).toContain('it has waited long, so nothing new begins before it');
    const late = machine.hold('late');
    await late.waiting;
    machine.end('long', long);
    machine.end('measurer', await measurer.hold);
    machine.end('late', await late.hold);
    expect(machine.happened.slice(-5)).toEqual(['long ends', 'measurer begins', 'measurer ends', 'late begins', 'late ends']);
  });

  test('is alone while it measures', async () => {
    const machine = new Machine();
    const measurer = await machine.hold('measurer', { alone: true }).hold;
    const other = machine.hold('other');
    expect(await other.waiting).toMatchObject({
      reason: 'measurement',
      message: expect.stringContaining('measurer of the run run-1 (/project) has been measuring'),
    });
    machine.end('measurer', measurer);
    machine.end('other', await other.hold);
    expect(machine.happened.slice(-3)).toEqual(['measurer ends', 'other begins', 'other ends']);
  });

  test('waits its turn behind others that measure', async () => {
    const machine = new Machine();
    const long = await machine.hold('long').hold;
    const measurers: (readonly [string, Asked])[] = [];
    for (const name of ['first', 'second', 'third']) {
      const asked = machine.hold(name, { alone: true });
      measurers.push([name, asked]);
      await asked.waiting;
    }
    machine.end('long', long);
    await Promise.all(measurers.map(async ([name, { hold }]) => machine.end(name, await hold)));
    const order = machine.happened.filter((line) => /begins|ends/.test(line)).slice(2);
    expect(order).toEqual(['first begins', 'first ends', 'second begins', 'second ends', 'third begins', 'third ends']);
  });

  test('stops waiting at once when it is stopped, and lets others in', async () => {
    const machine = new Machine(0);
    const long = await machine.hold('long').hold;
    const stop = new AbortController();
    const measurer = machine.hold('measurer', { alone: true, signal: stop.signal });
    await measurer.waiting;
    const late = machine.hold('late');
    await late.waiting;
    stop.abort();
    expect(await measurer.hold).toBeUndefined();
    machine.end('late', await late.hold);
    machine.end('long', long);
    expect(machine.notes()).toEqual([]);
  });
});

describe.concurrent('one that measures and does not wait', () => {
  test('works beside others, which it can name, and is alone where it would not have to wait', async () => {
    const machine = new Machine();
    const alone = await machine.hold('measurer', { alone: true, beside: true }).hold;
    expect(alone.beside).toBeUndefined();
    const other = machine.hold('other');
    await other.waiting;
    machine.end('measurer', alone);
    await other.hold;
    const beside = await machine.hold('measurer', { alone: true, beside: true, pid: 1 }).hold;
    expect(beside.beside?.().map(({ node }) => node)).toEqual(['other']);
    const third = await machine.hold('third').hold;
    expect(beside.beside?.().map(({ node }) => node)).toEqual(['other', 'third']);
    for (const hold of [await other.hold, beside, third]) hold.release();
    expect(machine.notes()).toEqual([]);
  });

  test('waits for the work of its own process, to be alone there', async () => {
    const machine = new Machine();
    const own = await machine.hold('own').hold;
    const other = await machine.hold('other', { pid: 1 }).hold;
    const measurer = machine.hold('measurer', { alone: true, beside: true });
    await measurer.waiting;
    machine.end('own', own);
    const hold = await measurer.hold;
    expect(hold.beside?.().map(({ node }) => node)).toEqual(['other']);
    for (const one of [other, hold]) one.release();
    expect(machine.notes()).toEqual([]);
  });

  test('waits for another that measures, so as not to spoil it', async () => {
    const machine = new Machine();
    const first = await machine.hold('first', { alone: true }).hold;
    const second = machine.hold('second', { alone: true, beside: true });
    await second.waiting;
    machine.end('first', first);
    (await second.hold).release();
    expect(machine.happened.slice(-2)).toEqual(['first ends', 'second begins']);
    expect(machine.notes()).toEqual([]);
  });
});

/** A process of its own that holds the machine or waits for it; says `begins` and `waits`. */
function holder(machine: Machine, alone: boolean): { readonly child: ChildProcess; line(): Promise<string> } {
  const program = `
    const { holdMachine } = await import(${JSON.stringify(new URL('../../dist/executors/job/machine.js', import.meta.url).href)});
    const who = { pid: process.pid, since: new Date().toISOString(), node: 'child', run: 'run-2' };
    const onWait = ({ message }) => console.log(message);
    const machine = { environment: { XDG_CACHE_HOME: ${JSON.stringify(machine.cache)} }, devices: [], patience: 0 };
    const asker = { who, signal: new AbortController().signal, onWait };
    await holdMachine(machine, { alone: ${alone}, gpu: 0 }, asker);
    console.log('begins');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, line: async () => String((await lines.next()).value) };
}

describe.concurrent('nodes that nobody inherits', () => {
  const isInherited = false;

  test('have one turn together, which tells of one that is still there', async () => {
    const machine = new Machine();
    const [first, second] = await Promise.all([machine.hold('first', { isInherited }).hold, machine.hold('second', { isInherited }).hold]);
    expect(machine.notes()).toHaveLength(1);
    first.release();
    const measurer = machine.hold('measurer', { alone: true });
    expect((await measurer.waiting).for).toMatchObject([{ node: 'second' }]);
    second.release();
    (await measurer.hold).release();
    expect(machine.notes()).toEqual([]);
  });

  test('do not go on together for ever while another wants to measure', async () => {
    const machine = new Machine();
    const long = await machine.hold('long', { isInherited }).hold;
    const measurer = machine.hold('measurer', { alone: true });
    await measurer.waiting;
    const short = await machine.hold('short', { isInherited }).hold;
    expect(machine.notes()).toHaveLength(3);
    machine.end('long', long);
    const late = machine.hold('late', { isInherited });
    expect(await late.waiting).toMatchObject({ reason: 'measurement' });
    machine.end('short', short);
    machine.end('measurer', await measurer.hold);
    machine.end('late', await late.hold);
    expect(machine.happened.slice(-5)).toEqual(['short ends', 'measurer begins', 'measurer ends', 'late begins', 'late ends']);
    expect(machine.notes()).toEqual([]);
  });
});

describe.concurrent('a process that is killed', () => {
  test('no longer holds the machine', async () => {
    const machine = new Machine();
    const { child, line } = holder(machine, true);
    expect(await line()).toBe('begins');
    const asked = machine.hold('other');
    expect((await asked.waiting).for).toMatchObject([{ pid: child.pid, node: 'child' }]);
    child.kill('SIGKILL');
    (await asked.hold).release();
    expect(machine.notes()).toEqual([]);
  });

  test('no longer keeps others from beginning before it', async () => {
    const machine = new Machine();
    const long = await machine.hold('long').hold;
    const { child, line } = holder(machine, true);
    expect(await line()).toContain('long of the run run-1 (/project)');
    const asked = machine.hold('other');
    await asked.waiting;
    child.kill('SIGKILL');
    (await asked.hold).release();
    long.release();
    expect(machine.notes()).toEqual([]);
  });

  test('leaves what it holds to those that inherited it', async () => {
    const machine = new Machine();
    const hold = await machine.hold('measurer', { alone: true }).hold;
    const heir = spawn('sleep', ['600'], { stdio: ['ignore', 'ignore', 'ignore', ...hold.descriptors] });
    children.push(heir);
    await new Promise((resolve) => heir.once('spawn', resolve));
    hold.release();
    const other = machine.hold('other');
    expect((await other.waiting).for).toMatchObject([{ node: 'measurer' }]);
    heir.kill('SIGKILL');
    (await other.hold).release();
    expect(machine.notes()).toEqual([]);
  });
});
