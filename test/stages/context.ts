import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Stage, Work, WorkContext } from 'stillroom';
import { refusingOthers } from '../../src/executors/job/declared.ts';
import type { ParamDeclarations } from '../../src/model/declaration.ts';

/** What a stage's work did besides writing its outputs. */
export interface Watched {
  readonly outputs: Readonly<Record<string, string>>;
  /** The last value of each metric. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly log: readonly string[];
  readonly warnings: readonly string[];
}

/** Some of a stage's params, and of groups and choices some of their members. */
type Some<Params> = { readonly [Name in keyof Params]?: Params[Name] extends object ? Partial<Params[Name]> : Params[Name] };

/** What a test gives a stage; params that are left out take their defaults. What a choice is told itself is in the module that is given. */
interface Given<Declaration extends Stage> {
  readonly params?: Some<WorkContext<Declaration>['params']>;
  readonly modules?: WorkContext<Declaration>['modules'];
  readonly inputs: Partial<WorkContext<Declaration>['inputs']>;
  /** Where the outputs go. */
  readonly folder: string;
}

/** The error of a stage that called `fail`. */
export class StageFailure extends Error {
  override readonly name = 'StageFailure';
  readonly hint: string | undefined;
  constructor(message: string, hint: string | undefined) {
    super(message);
    this.hint = hint;
  }
}

/** An empty folder for a test, and what removes it. */
export function scratch(): { readonly folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'stillroom-test-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Params after defaults. */
function withDefaults(declared: ParamDeclarations, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, { schema, modules, params, optional }] of Object.entries(declared)) {
    const own = given[name];
    if (own === undefined && !optional) throw new Error(`the test gives no ${name}`);
    if (modules === undefined && params === undefined) values[name] = own ?? schema['default'];
    else
      values[name] = {
        ...(modules === undefined ? {} : { name: schema['default'] }),
        ...withDefaults(params ?? {}, (own ?? {}) as Record<string, unknown>),
      };
    if (modules !== undefined) Object.assign(values[name] as object, own);
  }
  return values;
}

/**
 * Calls a stage's work as a child would, in this process: outputs of kind `dir` are there and empty, `fail` throws a StageFailure.
 * @throws what the work throws, and an Error if it records a metric that the stage does not declare.
 */
export async function perform<Declaration extends Stage>(
  stage: Declaration,
  run: Work<Declaration>,
  given: Given<Declaration>,
): Promise<Watched> {
  const metrics: Record<string, number> = {};
  const log: string[] = [];
  const warnings: string[] = [];
  const outputs: Record<string, string> = {};
  for (const [port, declared] of Object.entries(stage.outputs)) {
    const kind = typeof declared === 'string' ? declared : declared.kind;
    outputs[port] = join(given.folder, kind === 'dir' ? port : `${port}${kind.slice('file'.length)}`);
    if (kind === 'dir') mkdirSync(outputs[port] as string, { recursive: true });
  }
  const context = {
    params: refusingOthers('params', withDefaults(stage.params ?? {}, given.params ?? {})),
    modules: refusingOthers('modules', given.modules ?? {}),
    inputs: refusingOthers('inputs', given.inputs, Object.keys(stage.inputs ?? {})),
    outputs: refusingOthers('outputs', outputs),
    metric(name: string, value: number) {
      if (stage.metrics?.[name] === undefined) throw new Error(`the stage does not declare the metric ${name}`);
      metrics[name] = value;
    },
    progress() {},
    log: (line: string) => void log.push(line),
    warn: (message: string) => void warnings.push(message),
    fail(message: string, hint?: string): never {
      throw new StageFailure(message, hint);
    },
    checkpoint: { folder: undefined, save: async () => {} },
    signal: new AbortController().signal,
    cpu: stage.resources?.cpu ?? 1,
  };
  await run(context as unknown as WorkContext<Declaration>);
  return { outputs, metrics, log, warnings };
}
