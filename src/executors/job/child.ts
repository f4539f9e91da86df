import { writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { Blotter } from '../../text/blotter.ts';
import type { JobProgram, JobSpecification } from '../../model/job.ts';
import type { Checkpoint } from '../../model/stage.ts';
import { readJob } from './attempt-files.ts';
import { Checkpoints } from './checkpoints.ts';
import { refusingOthers, UndeclaredName } from './declared.ts';
import { type BundledModules, type ChildMessage, EVENTS_DESCRIPTOR, modulesOf } from './protocol.ts';
import { bundlingHint, memberOf, slipHint, thrownAt, thrownReason, thrownText } from './thrown.ts';
import { openThreads } from './threads.ts';
import { isOfNetwork } from './undeclared-network.ts';

/** An error that a stage raised on purpose, for a user to act on. */
class StageFailure extends Error {
  readonly hint: string | undefined;
  /** The line that raised it is at fault. */
  readonly isOfCode: boolean;

  constructor(message: string, hint: string | undefined, isOfCode = false) {
    super(message);
    this.hint = hint;
    this.isOfCode = isOfCode;
  }
}

/** Whether the stage has declared that it uses the network. */
let isOnline = true;

const pause = new Int32Array(new SharedArrayBuffer(4));

function send(message: ChildMessage): void {
  const bytes = Buffer.from(`${JSON.stringify(message)}\n`);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(EVENTS_DESCRIPTOR, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(pause, 0, 0, 5);
    }
  }
}

/** Whoever watches makes checkpoints durable, since the permission model forbids fsync. */
function openCheckpoints(root: string): Checkpoint {
  const checkpoints = new Checkpoints(root);
  return {
    folder: checkpoints.folder,
    async save(write) {
      const folder = checkpoints.open();
      await write(folder);
      const checkpoint = checkpoints.complete(folder);
      if (checkpoint !== undefined) send({ type: 'saved', checkpoint });
    },
  };
}

interface Bundle {
  readonly run: { default?: unknown } | ((context: unknown) => unknown);
  readonly modules: BundledModules;
  readonly threads?: Readonly<Record<string, unknown>>;
}

/** What a work is given to read by name; of a name that is not declared it is told. */
function given(job: JobSpecification, bundled: BundledModules, declared: (JobProgram & { kind: 'stage' })['declared']) {
  const modules = modulesOf(bundled, job.params);
  const outputs = Object.fromEntries(Object.entries(job.outputs).map(([port, { path }]) => [port, path]));
  if (declared === undefined) return { params: job.params, modules, inputs: job.inputs, outputs };
  return {
    params: refusingOthers('params', job.params),
    modules: refusingOthers('modules', modules),
    inputs: refusingOthers('inputs', job.inputs, declared.inputs),
    outputs: refusingOthers('outputs', outputs),
  };
}

/** Takes out secrets where a text is cut; all that is told is cleaned by the parent. */
let blotter = new Blotter([]);

async function main(jobFile: string): Promise<void> {
  const job = readJob(dirname(jobFile));
  blotter = new Blotter(job.secrets.map((name) => process.env[name] ?? ''));
  const { program } = job;
  if (program.kind !== 'stage') throw new Error('only stages have a child');
  const stop = new AbortController();
  process.on('SIGTERM', () => stop.abort());
  isOnline = program.network === true;
  const url = pathToFileURL(program.bundle).href;
  const bundle = (await import(url)) as Bundle;
  if (typeof bundle.run !== 'function')
    throw new StageFailure('the work has no default export made by work()', 'export default work<typeof stage>(async (context) => { … })');
  const threads = openThreads(url, bundle.threads ?? {}, job.params);
  const work = bundle.run({
    ...given(job, bundle.modules, program.declared),
    metric(name: string, value: number, at?: { step: number }) {
      const known = program.declared?.metrics ?? [name];
      if (!known.includes(name)) throw new UndeclaredName(`the work records the metric "${name}", which is not declared`, name, known);
      if (!Number.isFinite(value)) {
        const shown = typeof value === 'number' ? String(value) : `${inspect(value)}, a ${typeof value}`;
        throw new StageFailure(`the metric "${name}" is ${shown}`, 'metrics are finite numbers: find out what it is made of', true);
      }
      send({ type: 'metric', name, value, ...(at === undefined ? {} : { step: at.step }) });
    },
    progress(done: number, total: number, note?: string) {
      send({ type: 'progress', done, total, ...(note === undefined ? {} : { note }) });
    },
    log(line: string) {
      send({ type: 'log', line });
    },
    warn(message: string) {
      send({ type: 'warning', message });
    },
    fail(message: string, hint?: string): never {
      throw new StageFailure(message, hint);
    },
    checkpoint: openCheckpoints(job.checkpoints),
    signal: stop.signal,
    cpu: job.resources.cpu,
    thread: threads.start,
  });
  await Promise.race([work, threads.failure]);
  send({ type: 'done', facts: { peakMemory: process.resourceUsage().maxRSS * 1024 } });
}

async function describe(error: unknown, codeFolder: string): Promise<ChildMessage & { type: 'failed' }> {
  if (error instanceof StageFailure)
    return { type: 'failed', code: 'stage-failed', message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
  if (error instanceof UndeclaredName) {
    const { suggestion } = await import('../../text/suggestion.ts');
    const hint = error.known.length > 0 ? suggestion(error.used, error.known) : 'declare it in stage.ts';
    return { type: 'failed', code: 'undeclared-name', message: error.message, hint };
  }
  const [code, resource, permission] = ['code', 'resource', 'permission'].map((name) => memberOf(error, name));
  if (code === 'ERR_ACCESS_DENIED' && permission === 'ChildProcess') {
    return {
      type: 'failed',
      code: 'undeclared-access',
      message: 'the stage may not start programs',
      hint: 'let a command node do that: run: …',
    };
  }
  if (code === 'ERR_ACCESS_DENIED' && typeof resource === 'string' && resource !== '') {
    return {
      type: 'failed',
      code: 'undeclared-access',
      message: `the stage may not touch ${resource}: it is not among its inputs and outputs`,
      hint: 'declare it as an input; a data file beside run.ts is imported',
    };
  }
  if (!isOnline && isOfNetwork(error)) {
    return {
      type: 'failed',
      code: 'undeclared-access',
      message: `the stage may not use the network: ${thrownReason(error)}`,
      hint: 'write network: true in stage.ts, or make a source of what it fetches',
    };
  }
  const hint = bundlingHint(error, codeFolder) ?? (await slipHint(error));
  return {
    type: 'failed',
    code: 'stage-threw',
    message: thrownReason(error, (text) => blotter.clean(text)),
    ...(hint === undefined ? {} : { hint }),
  };
}

const jobFile = process.argv[2] ?? '';
try {
  await main(jobFile);
  process.exit(0);
} catch (error) {
  if (!(error instanceof StageFailure)) process.stderr.write(`${thrownText(error)}\n`);
  const code = join(dirname(jobFile), 'code');
  // What a stage refuses on purpose is its user's to mend, not a fault of the line that says so.
  const at = error instanceof StageFailure && !error.isOfCode ? undefined : thrownAt(error, code);
  send({ ...(await describe(error, code)), ...(at === undefined ? {} : { at }) });
  // Lets the standard streams drain before leaving.
  await sleep(10);
  process.exit(1);
}
