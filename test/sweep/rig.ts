import type { SweepEvent } from '../../src/model/sweep-event.ts';
import type { VariantParams, SweepResult, SweepSpec } from '../../src/model/sweep.ts';
import type { GrowingLines } from '../../src/model/workplace.ts';
import { done, failed, type Outcome } from '../../src/model/problem.ts';
import { Journal } from '../../src/sweep/journal.ts';
import { strategies } from '../../src/sweep/strategies.ts';
import { runSweep, type SweepSetup } from '../../src/sweep/sweep.ts';
import type { PlannedVariant, VariantRun, Workbench } from '../../src/sweep/workbench.ts';

/** A journal's lines in memory, as text: what is not text does not outlive a restart. */
export class MemoryLines implements GrowingLines {
  readonly lines: string[] = [];
  readonly durable: number[] = [];

  read(): unknown[] {
    return this.lines.map((line) => JSON.parse(line));
  }

  begin(line: object): void {
    this.lines.splice(0, this.lines.length, JSON.stringify(line));
  }

  append(line: object): void {
    this.lines.push(JSON.stringify(line));
  }

  async appendDurably(line: object): Promise<void> {
    const index = this.lines.length;
    this.append(line);
    await new Promise(setImmediate);
    this.durable.push(index);
  }

  /** The lines of a type, without the names of runs. */
  of(type: 'start' | 'end'): string[] {
    return this.lines.filter((line) => line.startsWith(`{"type":"${type}"`));
  }
}

/** What a fake variant comes to: metrics, or why it fails; it may wait before that. */
export type Script = (params: VariantParams, nodes: readonly string[] | undefined) => FakeEnd | Promise<FakeEnd>;
export type FakeEnd = Readonly<Record<string, number>> | 'stopped' | Error;

/** Plans and runs variants without any process: what they come to stands in a script. */
export class FakeWorkbench implements Workbench {
  /** Each variant that ran, as it was set and how far it went. */
  readonly ran: { readonly params: VariantParams; readonly nodes: readonly string[] | undefined }[] = [];
  /** Part of what each variant is asked: another code is another question. */
  code = 'first';
  /** Values that the pipeline does not take. */
  refused: (params: VariantParams) => boolean = () => false;
  running = 0;
  most = 0;
  private readonly script: Script;

  constructor(script: Script) {
    this.script = script;
  }

  async read(params: VariantParams): Promise<Outcome<unknown>> {
    return this.refused(params)
      ? failed({ kind: 'pipeline', code: 'wrong-type', message: `it does not take ${JSON.stringify(params)}` })
      : done(undefined);
  }

  async plan(params: VariantParams, nodes: readonly string[] | undefined): Promise<Outcome<PlannedVariant>> {
    const read = await this.read(params);
    if (!read.ok) return read;
    const asked = JSON.stringify({ code: this.code, params, nodes });
    return done({
      asked,
      run: async (onEvent) => {
        const run = `run-${this.ran.push({ params, nodes })}`;
        this.running += 1;
        this.most = Math.max(this.most, this.running);
        onEvent({ time: new Date().toISOString(), type: 'node-started', node: 'student', cause: 'it has not run before', inputs: {} });
        const end = await this.script(params, nodes);
        this.running -= 1;
        return variantRun(run, asked, end);
      },
    });
  }
}

function variantRun(run: string, asked: string, end: FakeEnd): VariantRun {
  if (end === 'stopped') return { run, hash: null, state: 'stopped', metrics: {} };
  if (end instanceof Error) return { run, hash: null, state: 'failed', metrics: {}, error: end.message };
  return { run, hash: `hash of ${asked}`, state: 'done', metrics: end };
}

/** What came of a sweep in memory, and all that it told. */
export interface Ended {
  readonly result: SweepResult;
  readonly events: readonly SweepEvent[];
}

/** Runs a sweep in memory; with the lines of an earlier start it goes on from there. */
export async function sweepInMemory(
  spec: SweepSpec,
  workbench: Workbench,
  lines: MemoryLines,
  more: Partial<Pick<SweepSetup, 'base' | 'parallel' | 'retry' | 'signal' | 'now' | 'watchers'>> = {},
): Promise<Ended> {
  const events: SweepEvent[] = [];
  const strategy = strategies[spec.strategy];
  if (strategy === undefined) throw new Error(`no strategy ${spec.strategy}`);
  const { parallel = 1, watchers = [] } = more;
  const result = await runSweep({
    id: 'test',
    strategy,
    spec,
    base: {},
    workbench,
    journal: Journal.open(lines, parallel, {}),
    retry: false,
    signal: new AbortController().signal,
    abandon: () => undefined,
    ...more,
    parallel,
    watchers: [{ report: (event) => void events.push(event) }, ...watchers],
  });
  return { result, events };
}
