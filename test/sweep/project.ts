import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkout, emptyFolder, startedNodes, stillroom } from '../rig.ts';

/** A trial as `--json` prints it. */
export interface PrintedTrial {
  readonly trial: number;
  readonly params: Readonly<Record<string, unknown>>;
  readonly state: string;
  readonly budget?: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly deviations?: Readonly<Record<string, number>>;
  readonly feasible: boolean;
  readonly run: string | null;
  readonly hash: string | null;
  readonly repeats?: readonly { readonly repeat: object; readonly run: string }[];
  readonly error?: string;
}

/** What `stillroom sweep … --json` prints. */
export interface PrintedSweep {
  readonly sweep: string;
  readonly trials: readonly PrintedTrial[];
  readonly best: PrintedTrial | null;
  readonly front?: readonly PrintedTrial[];
  readonly files: Readonly<Record<string, string>>;
  readonly error?: { readonly code: string; readonly message: string; readonly line: number | null; readonly hint: string | null };
}

/** A project of its own: two teachers, a student with a budget and checkpoints, and a command downstream of it. */
export function sweepProject(): string {
  const folder = join(emptyFolder(), 'project');
  cpSync(join(checkout, 'test/sweep/fixtures/project'), folder, { recursive: true });
  mkdirSync(join(folder, 'artifacts'));
  return folder;
}

/** Carries a sweep out. */
export async function sweep(folder: string, args: readonly string[]): Promise<PrintedSweep & { code: number; stderr: string }> {
  const { code, stdout, stderr } = await stillroom(folder, ['sweep', ...args, '--json']);
  if (!stdout.startsWith('{')) throw new Error(`sweep: ${stdout}${stderr}`);
  return { ...(JSON.parse(stdout) as PrintedSweep), code, stderr };
}

/** How often each node was really executed, over all runs of a store. */
export function executions(folder: string): Record<string, number> {
  const logs = join(folder, 'artifacts/logs');
  const counts: Record<string, number> = {};
  for (const run of existsSync(logs) ? readdirSync(logs) : [])
    for (const name of startedNodes(folder, run)) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** How many lines of a node's logs hold a text, over all runs. */
export function loggedLines(folder: string, node: string, text: string): number {
  const logs = join(folder, 'artifacts/logs');
  const files = readdirSync(logs).map((run) => join(logs, run, `${node}.log`));
  const lines = files.filter((file) => existsSync(file)).flatMap((file) => readFileSync(file, 'utf8').split('\n'));
  return lines.filter((line) => line.includes(text)).length;
}

/** The lines of a sweep's journal, without what differs from run to run. */
export function journalLines(folder: string, type: 'start' | 'end'): string[] {
  const sweeps = join(folder, 'artifacts/sweeps');
  const file = existsSync(sweeps) ? readdirSync(sweeps).find((name) => name.endsWith('.jsonl')) : undefined;
  if (file === undefined) return [];
  return readFileSync(join(sweeps, file), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(`{"type":"${type}"`) && line.endsWith('}'));
}

/** Starts a sweep and sends it, and it alone, a signal once it has finished so many trials; returns its exit code and what it told. */
export async function signalAfter(
  folder: string,
  args: readonly string[],
  trials: number,
  signal: NodeJS.Signals = 'SIGKILL',
): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const ended = journalLines(folder, 'end').length;
  const child = execFile(process.execPath, [join(checkout, 'dist/cli.js'), 'sweep', ...args], {
    cwd: folder,
    env: { ...process.env, CI: '1' },
  });
  let stderr = '';
  child.stderr?.on('data', (text: string) => {
    stderr += text;
  });
  const gone = new Promise((resolve) => child.once('close', resolve));
  while (child.exitCode === null && journalLines(folder, 'end').length < ended + trials) await sleep(10);
  child.kill(signal);
  await gone;
  return { code: child.exitCode, stderr };
}
