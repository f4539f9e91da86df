import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Event, Outcome, Problem, Project, RunResult } from '../../../src/project/project.ts';
import { openSmall } from './small-project.ts';

/** What of a store's files of events tells that it was executed: fingerprints. */
export function acknowledged(folder: string): Set<string> {
  const logs = join(folder, 'artifacts/logs');
  const told = new Set<string>();
  for (const id of existsSync(logs) ? readdirSync(logs) : []) {
    const file = join(logs, id, 'events.jsonl');
    for (const line of existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []) for (const one of executedIn(line)) told.add(one);
  }
  return told;
}

/** The fingerprint of the node that a line of events tells of as executed; none where it tells anything else or is cut off. */
function executedIn(line: string): string[] {
  if (!line.includes('"node-ended"') || !line.endsWith('}')) return [];
  try {
    const { outcome } = JSON.parse(line) as Event & { type: 'node-ended' };
    return outcome.state === 'executed' && outcome.fingerprint !== undefined ? [outcome.fingerprint] : [];
  } catch {
    return [];
  }
}

/** The processes that have to do with a folder, this one left out. */
export function living(folder: string): string[] {
  const read = (path: string): string => {
    try {
      return readFileSync(path, 'latin1');
    } catch {
      return '';
    }
  };
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
    .filter((pid) => ['cmdline', 'environ'].some((file) => read(`/proc/${pid}/${file}`).includes(folder)))
    .map((pid) => `${pid}: ${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').slice(0, 120)}`);
}

/** Files that were never written to their end, and folders to which nothing leads, in a store of which `gc` has just removed what is loose. */
function piles(folder: string): string[] {
  const root = join(folder, 'artifacts');
  const below = (path: string): string[] =>
    readdirSync(join(root, path), { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [join(path, entry.name), ...below(join(path, entry.name))] : [join(path, entry.name)],
    );
  const published = readdirSync(join(root, 'latest')).filter((name) => !name.startsWith('.'));
  const isLoose = (path: string): boolean =>
    /\.(part|own|link)$/.test(path) || /^(scratch|quarantine)\/./.test(path) || /^latest\/\.[^/]*$/.test(path);
  const loose = below('').filter(isLoose);
  const needed = published.filter((name) => lstatSync(join(root, 'latest', name)).isSymbolicLink()).length * 2;
  const hidden = loose.filter((path) => path.startsWith('latest/.'));
  return hidden.length <= needed ? loose.filter((path) => !hidden.includes(path)) : loose;
}

/** Problems as a sentence. */
function said(problems: readonly Problem[]): string {
  return problems.map(({ code, message }) => `${code}: ${message}`).join('; ');
}

/** Throws where something could not be done. */
export function value<Value>(outcome: Outcome<Value>): Value {
  if (!outcome.ok) throw new Error(said(outcome.problems));
  return outcome.value;
}

/** What must hold once an attack is over. */
export interface Expected {
  /** The hash of an undisturbed run. */
  readonly hash: string;
  /** Fingerprints that were told as executed before the attack ended: they are not executed again. */
  readonly acknowledged: ReadonlySet<string>;
  /** Nodes of this very run that a command had printed as done. */
  readonly doneNodes?: readonly string[];
  readonly set?: readonly string[];
  /** What is done again first, as the attacked command would. */
  readonly again?: (project: Project) => Promise<string[]>;
  /** Files of the store that the attack itself may have damaged: `verify` tells of them before anything is made again. */
  readonly mayFind?: boolean;
}

/** Does again what was cut off, by no other means than asking once more, and looks at all that is left. */
export async function faultsAfter(folder: string, expected: Expected): Promise<string[]> {
  const faults: string[] = [];
  const project = await openSmall(folder);
  try {
    if (expected.mayFind === true) value(await project.verify());
    faults.push(...((await expected.again?.(project)) ?? []));
    const executed: string[] = [];
    const { record, problems }: RunResult = value(
      await project.run('pipeline.yaml', {
        set: expected.set ?? [],
        onEvent: (event) => executed.push(...executedIn(JSON.stringify(event))),
      }),
    );
    if (problems.length > 0) faults.push(`the rerun failed: ${said(problems)}`);
    else if (record.hash !== expected.hash) faults.push(`the rerun ended with ${record.hash} instead of ${expected.hash}`);
    const twice = executed.filter((fingerprint) => expected.acknowledged.has(fingerprint));
    const printed = (expected.doneNodes ?? []).filter((node) => record.nodes[node]?.state !== 'reused');
    if (twice.length > 0) faults.push(`executed again though told as done: ${twice.length} of ${expected.acknowledged.size}`);
    if (printed.length > 0) faults.push(`executed again though printed as done: ${printed.join(', ')}`);
    value(await project.gc({ wait: true }));
    const left = piles(folder);
    if (left.length > 0) faults.push(`gc left ${left.join(', ')}`);
    const lasting = ['.gitignore', 'pipeline.schema.json'].filter((name) => readFileSync(join(folder, 'artifacts', name), 'utf8') === '');
    if (lasting.length > 0) faults.push(`stays empty: ${lasting.join(', ')}`);
    const { damaged } = value(await project.verify());
    if (damaged.length > 0) faults.push(`verify found ${damaged.map((one) => JSON.stringify(one)).join(', ')}`);
  } catch (error) {
    faults.push(error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, 4).join(' | ') : String(error));
  } finally {
    project.close();
  }
  const alive = living(folder);
  if (alive.length > 0) faults.push(`still running: ${alive.join(', ')}`);
  return faults;
}
