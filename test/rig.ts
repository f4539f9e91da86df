import { execFile, spawnSync } from 'node:child_process';
import { cpSync, existsSync, lchownSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { main } from '../src/commands/main.ts';
import { writeSealed } from '../src/files/sealed.ts';
import { emptyFolder, write } from './folders.ts';

/** The checkout that is tested. */
export const checkout: string = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

export { emptyFolder, write };

/** What runs a program as another user; undefined where this one may not, or the other could not read the checkout. */
export function asAnotherUser(): readonly string[] | undefined {
  const wrapper = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  const [program = '', ...args] = wrapper;
  const script = `require('node:fs').readFileSync(${JSON.stringify(join(checkout, 'package.json'))})`;
  const tried = process.getuid?.() === 0 ? spawnSync(program, [...args, process.execPath, '-e', script]) : undefined;
  return tried?.status === 0 ? wrapper : undefined;
}

/** Gives everything below a folder to that user. */
export function giveAway(path: string): void {
  lchownSync(path, 65534, 65534);
  if (lstatSync(path).isDirectory()) for (const name of readdirSync(path)) giveAway(join(path, name));
}

/** Whether a process lives, and is not only waited for. */
export function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

/** What `stillroom … --json` printed. */
export interface Printed {
  readonly run?: string;
  readonly hash?: string | null;
  readonly executed?: readonly string[];
  readonly reused?: readonly string[];
  readonly failed?: readonly string[];
  readonly skipped?: readonly string[];
  readonly metrics?: Readonly<Record<string, number>>;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly nodes?: readonly { readonly node: string; readonly action: string; readonly cause: string }[];
  readonly builds?: readonly { readonly from: string; readonly nodes: readonly string[]; readonly packages?: number }[];
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly file: string | null;
    readonly line: number | null;
    readonly column: number | null;
    readonly hint: string | null;
  };
  readonly checked?: number;
  readonly damaged?: readonly { readonly digest: string; readonly node: string }[];
  readonly runs?: readonly { readonly run: string; readonly hash: string | null; readonly state: string }[];
}

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The object printed with `--json`; empty where none was. */
  readonly json: Printed;
}

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** The Stillroom to use in place of the checkout. */
  readonly installation?: string;
  /** A program and arguments to put in front, such as `setpriv`. */
  readonly wrapper?: readonly string[];
}

/** Runs the real command line, in a process of its own. */
export function stillroom(
  folder: string,
  args: readonly string[],
  { env = {}, installation = checkout, wrapper = [] }: CommandOptions = {},
): Promise<Ended> {
  const [program = '', ...rest] = [...wrapper, process.execPath, join(installation, 'dist/cli.js'), ...args];
  return new Promise((resolve) => {
    execFile(
      program,
      rest,
      { cwd: folder, env: { ...process.env, CI: '1', ...env }, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        const json = args.includes('--json') && stdout.startsWith('{') ? (JSON.parse(stdout) as Printed) : {};
        resolve({ code, stdout, stderr, json });
      },
    );
  });
}

/** A stream that keeps what is written. */
function collected(): { readonly stream: Writable; text(): string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      chunks.push(chunk);
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString('utf8') };
}

/** Runs a command line in this process, as `stillroom` does in one of its own: with all that it prints and its exit code, and much faster. */
export async function called(folder: string, args: readonly string[], { env = {} }: Pick<CommandOptions, 'env'> = {}): Promise<Ended> {
  const [out, err] = [collected(), collected()];
  const environment = { ...process.env, CI: '1', ...env };
  const code = await main(args, { folder, environment, stdout: out.stream, stderr: err.stream });
  const stdout = out.text();
  const json = args.includes('--json') && stdout.startsWith('{') ? (JSON.parse(stdout) as Printed) : {};
  return { code, stdout, stderr: err.text(), json };
}

/** Replaces a text in a file, which must hold it. */
export function edit(folder: string, path: string, from: string, to: string): void {
  const file = join(folder, path);
  const before = readFileSync(file, 'utf8');
  if (!before.includes(from)) throw new Error(`${path} does not hold ${from}`);
  writeFileSync(file, before.replace(from, to));
}

/** A copy of a folder, in a place of its own. */
export function copyOf(folder: string): string {
  const copy = join(emptyFolder(), 'project');
  cpSync(folder, copy, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  return copy;
}

/** A Stillroom of its own, whose sources and packages a test may change. */
export function installationCopy(): string {
  const copy = join(emptyFolder(), 'stillroom');
  mkdirSync(join(copy, 'node_modules'), { recursive: true });
  for (const name of ['dist', 'src', 'stages', 'package.json']) cpSync(join(checkout, name), join(copy, name), { recursive: true });
  const modules = join(checkout, 'node_modules');
  for (const name of readdirSync(modules).filter((one) => !one.startsWith('.')))
    symlinkSync(join(modules, name), join(copy, 'node_modules', name));
  return copy;
}

/** The nodes that a run told to have started, once for each time: what really was executed, whatever its record says. */
export function startedNodes(folder: string, run = ''): string[] {
  const file = join(folder, 'artifacts/logs', run, 'events.jsonl');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  const events = lines.map((line) => JSON.parse(line) as { readonly type: string; readonly node: string });
  return events.flatMap(({ type, node }) => (type === 'node-started' ? [node] : [])).sort();
}

/** Plans, then runs, and checks that the plan told the truth: each `run` executes, no `reuse` does, `maybe` stands only downstream of a `run`. */
export async function runAndCheckPlan(folder: string, args: readonly string[], options: CommandOptions = {}): Promise<string[]> {
  const ask = options.installation === undefined && options.wrapper === undefined ? called : stillroom;
  const plan = await ask(folder, ['plan', ...args, '--json'], options);
  if (plan.code !== 0) throw new Error(`plan: ${plan.stdout}${plan.stderr}`);
  const run = await ask(folder, ['run', ...args, '--json'], options);
  if (run.code !== 0) throw new Error(`run: ${run.stdout}${run.stderr}`);
  const executed = [...(run.json.executed ?? [])].sort();
  const started = startedNodes(folder, run.json.run);
  if (JSON.stringify(started) !== JSON.stringify(executed)) throw new Error(`executed ${executed}, but ${started} started`);
  let isBehindRun = false;
  for (const { node, action, cause } of plan.json.nodes ?? []) {
    if (action === 'run') isBehindRun = true;
    if (action === 'run' && !executed.includes(node)) throw new Error(`plan: ${node} runs, but it was reused`);
    if (action === 'reuse' && executed.includes(node)) throw new Error(`plan: ${node} is reused, but it was executed`);
    if (action === 'maybe' && !isBehindRun) throw new Error(`plan: ${node} is maybe, but nothing before it runs`);
    if (cause.length < 5) throw new Error(`plan: ${node} has no cause`);
  }
  return executed;
}

/** Changes what a file of sealed JSON says, and seals it again; with `to`, as another file. */
export function editSealed<Value extends object>(path: string, change: (value: Value) => object, to: string = path): void {
  const { seal: _seal, ...value } = JSON.parse(readFileSync(path, 'utf8')) as Value & { readonly seal: string };
  writeSealed(to, change(value as unknown as Value));
}
