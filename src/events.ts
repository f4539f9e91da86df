import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { Json } from './model/json.ts';

// What a Node program that is a command of a pipeline is given, and how it tells what it does. It is imported as `stillroom/events`, needs
// nothing else, and outside a pipeline nothing is written anywhere. `src/python` and `src/r` say the same in other languages.

/** An element of an input that takes all instances of a node: the instance's point of the matrix, and where its artifact lies. */
export interface GivenElement {
  readonly key: Readonly<Record<string, Json>>;
  readonly path: string;
}

const { env } = process;

/** What `STILLROOM_GIVEN` holds. */
interface Given {
  readonly params: Readonly<Record<string, Json>>;
  readonly inputs: Readonly<Record<string, string | readonly GivenElement[]>>;
  readonly outputs: Readonly<Record<string, string>>;
}

function read(): Given {
  const text = env['STILLROOM_GIVEN'];
  if (text !== undefined) return JSON.parse(text) as Given;
  if (env['STILLROOM_EVENTS'] !== undefined)
    throw new Error('what the node is given is too long for stillroom/events: read it from the variables of the environment');
  return { params: {}, inputs: {}, outputs: {} };
}

/** In a pipeline a name that was not given is an error that says which there are; outside of one it is undefined. */
function named<Values extends object>(what: string, values: Values): Values {
  if (env['STILLROOM_EVENTS'] === undefined) return values;
  return new Proxy(values, {
    get(target, name, receiver) {
      if (typeof name === 'string' && !Object.hasOwn(target, name) && !(name in Object.prototype) && name !== 'toJSON' && name !== 'then')
        throw new Error(`${what} has no "${name}" (there are: ${Object.keys(target).join(', ') || 'none'})`);
      return Reflect.get(target, name, receiver);
    },
  });
}

const given = read();

// Absolute, so that they hold wherever the program goes.
const pathOf = (value: string | readonly GivenElement[]): string | readonly GivenElement[] =>
  typeof value === 'string' ? resolve(value) : value.map(({ key, path }) => ({ key, path: resolve(path) }));

const mapped = <From, To>(values: Readonly<Record<string, From>>, change: (value: From) => To): Record<string, To> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));

/** The node's params: numbers, texts, lists and mappings. Outside a pipeline there are none: `params.epochs ?? 3`. */
export const params: Readonly<Record<string, Json>> = named('params', given.params);

/** The path of each input. */
export const inputs: Readonly<Record<string, string | readonly GivenElement[]>> = named('inputs', mapped(given.inputs, pathOf));

/** Where each output is to be written. */
export const outputs: Readonly<Record<string, string>> = named(
  'outputs',
  mapped(given.outputs, (path) => resolve(path)),
);

/** Appends one event, in one piece, so that several processes and threads can tell at once. */
function tell(text: string): void {
  const file = env['STILLROOM_EVENTS'];
  if (file !== undefined) appendFileSync(file, `${text}\n`);
}

/** A number as the reader takes it: NaN and Infinity mean that a training has diverged. */
function numberText(value: number, what: string): string {
  if (typeof value !== 'number') throw new TypeError(`${what} is no number: ${JSON.stringify(value)}`);
  return String(value);
}

/** Records a number; with a step (an epoch, say) a point of a curve, whose last one counts. */
export function metric(name: string, value: number, at: { readonly step?: number } = {}): void {
  const step = at.step === undefined ? '' : `,"step":${numberText(at.step, `the step of the metric "${name}"`)}`;
  tell(`{"metric":${JSON.stringify(name)},"value":${numberText(value, `the metric "${name}"`)}${step}}`);
}

/** Says how far the work is. */
export function progress(done: number, total: number, note?: string): void {
  tell(JSON.stringify({ progress: [done, total], ...(note === undefined ? {} : { note }) }));
}

/** Adds a line to the node's log. */
export function log(line: string): void {
  tell(JSON.stringify({ log: String(line) }));
}

/** Says something that whoever runs the pipeline should see. */
export function warn(message: string): void {
  tell(JSON.stringify({ warning: String(message) }));
}

/** Writes a checkpoint into an empty folder. */
async function save(write: (folder: string) => Promise<void> | void): Promise<void> {
  const root = env['STILLROOM_CHECKPOINT'];
  if (root !== undefined) mkdirSync(root, { recursive: true });
  const folder = mkdtempSync(join(root ?? tmpdir(), 'new-'));
  try {
    await write(folder);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  if (root === undefined) rmSync(folder, { recursive: true, force: true });
  else tell(JSON.stringify({ checkpoint: basename(folder) }));
}

/** Where the program keeps what lets it go on: a folder of its own for each checkpoint, of which the newest whole one counts. */
export const checkpoint = {
  /** The newest whole checkpoint; undefined: the work begins. */
  folder: env['STILLROOM_RESUME_FROM'] || undefined,
  /** Gives an empty folder to write into; it becomes the newest checkpoint when `write` has ended without an error. */
  save,
} as const;

let isAsked = false;
let listens = false;

/**
 * Whether the work was asked to save and end (SIGTERM): `if (await stopping()) …`. From the first call on, the signal does no more than that:
 * end soon after. It is a promise because Node learns of signals only when its loop turns.
 */
export async function stopping(): Promise<boolean> {
  if (!listens) {
    listens = true;
    process.on('SIGTERM', () => {
      isAsked = true;
    });
  }
  await turn();
  await turn();
  return isAsked;
}
