import { dirname, join } from 'node:path';
import { isOutside } from '../../files/folder.ts';
import { JOB_FILE, type JobProgram, type JobSpecification } from '../../model/job.ts';
import { fillInArguments, variableText } from './command.ts';
import { commandEventsFile } from './command-events.ts';
import { confinementOf } from './confinement.ts';
import type { Runtime } from './runtime.ts';
import { OF_THE_SYSTEM, type StageProgram, type Touchable, touchable } from './touchable.ts';

/** Marks all processes of an attempt in their environment, so that those can be found that left its process group. */
export const ATTEMPT_VARIABLE = 'STILLROOM_ATTEMPT';

/** What a specification becomes: a program with its arguments, its whole environment, and the folder that it works in. */
export interface Program {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
  /** Whether it tells what it does on the events descriptor: a stage does, a command has none. */
  readonly keepsEvents: boolean;
  /** What it is confined to, as the compiled supervisor takes it; empty: it is not. */
  readonly confinement: readonly string[];
}

/** A job's specification with the values of its secrets. */
export interface SecretJob {
  readonly specification: JobSpecification;
  readonly secrets: Readonly<Record<string, string>>;
  /** The newest whole checkpoint of a command's work: a stage looks for it itself. */
  readonly resumed?: string | undefined;
}

/** The system's own settings of OpenSSL would be one more ingredient, and Node does not start where it may not read them. */
const STAGE_VARIABLES = { OPENSSL_CONF: '/dev/null' };

type CommandProgram = JobProgram & { readonly kind: 'command' };

/** Turns a specification into a program. Pure: nothing is read, written or started. */
export function programOf(job: SecretJob, runtime: Runtime): Program {
  const { specification, secrets } = job;
  const { folder, program, env, resources, devices, attempt } = specification;
  const own =
    program.kind === 'stage'
      ? { command: stageCommand(specification, program, runtime), env: { ...STAGE_VARIABLES, ...env } }
      : { command: commandLine(job, program), env: commandVariables(job, program, runtime) };
  return {
    command: own.command,
    keepsEvents: program.kind === 'stage',
    confinement: program.kind === 'stage' ? confinementOf(specification, program, runtime) : hidingOf(specification, program, runtime),
    folder: join(folder, 'work'),
    env: {
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      HOME: join(folder, 'home'),
      TMPDIR: join(folder, 'tmp'),
      STILLROOM_CPU: String(resources.cpu),
      CUDA_VISIBLE_DEVICES: devices.join(','),
      ...own.env,
      ...secrets,
      [ATTEMPT_VARIABLE]: attempt,
    },
  };
}

/** What hides the project from a command, if it is to: all of it but its own folders, what it declares, and what is ours. */
function hidingOf({ folder, checkpoints }: JobSpecification, { hidden }: CommandProgram, { installation }: Runtime): readonly string[] {
  if (hidden === undefined) return [];
  const ours = ['src/python', 'src/shell', 'src/r', 'package.json', 'dist/events.js'].map((name) => join(installation, name));
  // Where Node finds our package from: above the folders of attempts.
  const packages = join(dirname(dirname(folder)), 'node_modules');
  const inside = [folder, checkpoints, packages, ...ours, ...hidden.shown].filter((path) => !isOutside(hidden.folder, path));
  return ['hide', hidden.folder, ...inside.flatMap((path) => ['show', path])];
}

/** One grant for each path that no other one covers: Node 20 loses a grant when a narrower one stands beside it. */
function grants(flag: string, paths: readonly Touchable[]): string[] {
  const widest = paths.filter(({ path }) => !paths.some((other) => other.kind === 'dir' && path.startsWith(`${other.path}/`)));
  return [...new Set(widest.map(({ path, kind }) => `${flag}=${kind === 'file' ? path : `${path}/*`}`))];
}

/** Node's permission model: it names what a stage touches without having declared it. It holds no native code. */
function permissionFlags(job: JobSpecification, program: StageProgram, { nodeMajor, installation }: Runtime): string[] {
  const { reads, writes } = touchable(job, program, installation);
  return [
    nodeMajor >= 24 ? '--permission' : '--experimental-permission',
    '--allow-addons',
    '--allow-worker',
    ...grants('--allow-fs-read', [...reads, ...OF_THE_SYSTEM]),
    ...grants('--allow-fs-write', writes),
  ];
}

function stageCommand(job: JobSpecification, program: StageProgram, runtime: Runtime): string[] {
  return [
    runtime.node,
    '--enable-source-maps',
    '--disable-warning=ExperimentalWarning',
    '--disable-warning=SecurityWarning',
    ...permissionFlags(job, program, runtime),
    `--require=${join(runtime.installation, 'dist', 'executors', 'job', 'own-workers.cjs')}`,
    join(runtime.installation, 'dist', 'executors', 'job', 'child.js'),
    join(job.folder, JOB_FILE),
  ];
}

/** A command's params and ports, as it sees them. */
function commandPorts({ params, inputs, outputs }: JobSpecification): Record<string, string> {
  const ports = Object.entries({ ...inputs, ...Object.fromEntries(Object.entries(outputs).map(([port, { path }]) => [port, path])) });
  return Object.fromEntries([...Object.entries(params), ...ports].map(([name, value]) => [name, variableText(value)]));
}

/** Characters of a variable: Linux gives none longer to a program. */
const LONGEST_VARIABLE = 120_000;

/** What a command is given as one text of JSON, for programs that want numbers and lists as such. */
function givenText({ params, inputs, outputs }: JobSpecification, { numbers = [] }: CommandProgram): string {
  // A command is given a folder of many in no order.
  const unordered = Object.entries(inputs).map(([port, given]) => [
    port,
    typeof given === 'string' ? given : given.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
  ]);
  const values = Object.entries(params).map(([name, value]) => [name, numbers.includes(name) ? Number(value) : value]);
  const paths = Object.entries(outputs).map(([port, { path }]) => [port, path]);
  return JSON.stringify({
    params: Object.fromEntries(values),
    inputs: Object.fromEntries(unordered),
    outputs: Object.fromEntries(paths),
  });
}

/** Adds a folder to a list of those in which programs or modules are looked for. */
function withFolder(list: string | undefined, folder: string): string {
  return list === undefined || list === '' ? folder : `${list}:${folder}`;
}

function commandVariables(
  { specification, resumed = '' }: SecretJob,
  program: CommandProgram,
  { installation }: Runtime,
): Record<string, string> {
  const { env, folder, checkpoints, resources } = specification;
  const given = givenText(specification, program);
  return {
    ...commandPorts(specification),
    OMP_NUM_THREADS: String(resources.cpu),
    PYTHONDONTWRITEBYTECODE: '1',
    STILLROOM_EVENTS: commandEventsFile(folder),
    STILLROOM_CHECKPOINT: checkpoints,
    STILLROOM_RESUME_FROM: resumed,
    STILLROOM_R: join(installation, 'src', 'r', 'stillroom.R'),
    ...(given.length > LONGEST_VARIABLE ? {} : { STILLROOM_GIVEN: given }),
    ...env,
    PATH: withFolder(env['PATH'], join(installation, 'src', 'shell')),
    PYTHONPATH: withFolder(env['PYTHONPATH'], join(installation, 'src', 'python')),
  };
}

function commandLine({ specification, secrets }: SecretJob, { run }: CommandProgram): string[] {
  return typeof run === 'string'
    ? ['bash', '-euo', 'pipefail', '-c', run]
    : fillInArguments(run, { ...specification.env, ...secrets, ...commandPorts(specification) });
}
