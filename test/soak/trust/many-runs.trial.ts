import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CountedProject, type Ended } from './coordinators.ts';
import type { Findings, Trial } from './trial.ts';

/** Nodes that each process runs, in full. */
const NODES = 200;

/** Two rows of nodes, each of the second after one of the first, that note their execution. */
function pipeline(nodes: number): string {
  const points = Array.from({ length: Math.floor(nodes / 2) }, (_, index) => index);
  const node = (name: string, more: string): string => `  ${name}:
    matrix: { i: [${points.join(', ')}] }
    run: echo "${name} $i" >> "$EXECUTED"; ${name === 'make' ? 'echo "$i"' : 'cat "$made"'} > "$out"
    with: { i: $i }
    env: [EXECUTED]
    out: { out: out.txt }
${more}`;
  return `name: many\nstages:\n${node('make', '')}${node('use', '    in: { made: make.out }\n')}`;
}

interface Answer {
  readonly hash: string | null;
  readonly state: string;
  readonly executed: readonly string[];
  readonly reused: readonly string[];
}

function answerOf({ stdout }: Ended): Answer | undefined {
  return stdout.startsWith('{') ? (JSON.parse(stdout) as Answer) : undefined;
}

/** What did not hold of processes that all ran the same at once. */
function faultsOf(project: CountedProject, ends: readonly Ended[], nodes: number): string[] {
  const faults: string[] = [];
  const answers = ends.map(answerOf);
  for (const [index, { code, stderr }] of ends.entries()) {
    const answer = answers[index];
    if (code !== 0 || answer?.state !== 'done') faults.push(`process ${index} ended with ${code}: ${stderr.slice(-1000)}`);
    else if (answer.executed.length + answer.reused.length !== nodes) faults.push(`process ${index} told of other nodes`);
  }
  const executions = project.executions();
  const twice = executions.filter((name, index) => executions.indexOf(name) !== index);
  if (twice.length > 0) faults.push(`executed more than once: ${twice.join(', ')}`);
  if (new Set(executions).size !== nodes) faults.push(`${new Set(executions).size} nodes were executed, not ${nodes}`);
  const told = answers.reduce((sum, answer) => sum + (answer?.executed.length ?? 0), 0);
  if (told !== executions.length) faults.push(`${executions.length} executions, but ${told} were told of`);
  const hashes = new Set(answers.map((answer) => answer?.hash ?? null));
  if (hashes.size !== 1 || hashes.has(null)) faults.push(`hashes: ${[...hashes].join(', ')}`);
  return faults;
}

async function run(attacks: number, tell: (line: string) => void): Promise<Findings> {
  const processes = Math.max(3, Math.round(attacks / NODES));
  const nodes = 2 * Math.max(1, Math.floor(attacks / processes / 2));
  const folder = mkdtempSync(join(tmpdir(), 'stillroom-many-'));
  try {
    const project = new CountedProject(folder, { 'p.yaml': pipeline(nodes) });
    const ends = await Promise.all(Array.from({ length: processes }, () => project.stillroom('run', 'p.yaml', '--json')));
    const seconds = ends.map((end) => Math.round(end.seconds));
    tell(`${processes} processes, ${nodes} nodes: ${Math.min(...seconds)} to ${Math.max(...seconds)} s`);
    tell(`executed by each: ${ends.map((end) => answerOf(end)?.executed.length ?? '?').join(', ')}`);
    const faults = faultsOf(project, ends, nodes);
    const verified = await project.stillroom('verify', '--json');
    if (verified.code !== 0) faults.push(`verify: ${verified.stdout}${verified.stderr}`);
    return { attacks: processes * nodes, faults, counts: { seconds: Math.max(...seconds) } };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Many coordinators that want the same of one store. */
export default {
  about: 'many processes run the same nodes on one store at once; each is executed once, and all end alike',
  full: 16 * NODES,
  sample: 30,
  run,
} satisfies Trial;
