import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CountedProject } from './coordinators.ts';
import type { Findings, Trial } from './trial.ts';

/** Processes that run while things are removed. */
const RUNNERS = 8;

/** Values of the param by which runs differ: few, so that what one run made another wants. */
const VALUES = 6;

/** A folder, what is made of it, and what is made of that: the results of different runs share some of their bytes. */
const pipeline = `name: beside
params: { n: 0 }
stages:
  folder:
    run: 'echo folder >> "$EXECUTED"; for i in 1 2 3; do echo "$i" > "$files/$i.txt"; done; echo "$n" > "$files/n.txt"'
    with: { n: $n }
    env: [EXECUTED]
    out: { files: files/ }
  same: { run: 'cat "$files/1.txt" > "$out"', in: { files: folder.files }, out: { out: same.txt } }
  sum: { run: 'cat "$files"/*.txt "$same" > "$out"', in: { files: folder.files, same: same.out }, out: { out: sum.txt } }
`;

/** What has happened so far, and whether it is over. */
interface Course {
  readonly project: CountedProject;
  readonly faults: string[];
  readonly counts: { runs: number; removed: number; refused: number };
  isOver: boolean;
}

/** Runs one after another, each of which must end well, with the hash that its param has. */
async function runOn(runner: number, course: Course, hashes: Map<number, string>): Promise<void> {
  for (let round = 0; !course.isOver; round += 1) {
    const n = (runner + round) % VALUES;
    const { code, stdout, stderr } = await course.project.stillroom('run', 'p.yaml', '--set', `n=${n}`, '--json');
    course.counts.runs += 1;
    if (code !== 0) course.faults.push(`a run ended with ${code}: ${stderr.slice(-1000)}${stdout.slice(0, 1000)}`);
    else {
      const { hash } = JSON.parse(stdout) as { readonly hash: string };
      if (hash !== (hashes.get(n) ?? hash)) course.faults.push(`n=${n} came out otherwise`);
      hashes.set(n, hash);
    }
    // Between two runs there are moments in which nobody uses the store.
    await sleep(((runner * 37 + round * 101) % 400) * 2);
  }
}

/** Removes what only old runs reach, so often; refusals because runs are live count as passes too. */
async function collect(passes: number, course: Course, tell: (line: string) => void): Promise<void> {
  for (let pass = 1; pass <= passes; pass += 1) {
    // Every second pass waits for its moment.
    const { code, stdout, stderr } = await course.project.stillroom(
      'gc',
      '--keep-runs',
      '2',
      ...(pass % 2 === 0 ? ['--wait'] : []),
      '--json',
    );
    if (code === 0) course.counts.removed += 1;
    else if (code === 2 && stdout.includes('store-in-use')) course.counts.refused += 1;
    else course.faults.push(`gc ended with ${code}: ${stdout}${stderr}`);
    if (pass % 50 === 0) tell(`${pass} passes, ${course.counts.runs} runs`);
  }
}

/** After the last pass everything that a kept run reaches is whole and can be brought back. */
async function faultsAfter({ project }: Course, runners: number): Promise<string[]> {
  const verified = await project.stillroom('verify', '--json');
  const listed = await project.stillroom('runs', '--json');
  const { runs } = JSON.parse(listed.stdout) as { readonly runs: readonly { readonly run: string }[] };
  const faults = verified.code === 0 ? [] : [`verify: ${verified.stdout}${verified.stderr}`];
  for (const { run } of runs.slice(0, runners)) {
    const { code, stdout } = await project.stillroom('reproduce', run, '--restore', '--to', `back-${run}`, '--json');
    if (code !== 0) faults.push(`the outputs of ${run} are not there: ${stdout}`);
  }
  return faults;
}

async function run(attacks: number, tell: (line: string) => void): Promise<Findings> {
  const folder = mkdtempSync(join(tmpdir(), 'stillroom-gc-'));
  const course: Course = {
    project: new CountedProject(folder, { 'p.yaml': pipeline }),
    faults: [],
    counts: { runs: 0, removed: 0, refused: 0 },
    isOver: false,
  };
  try {
    const hashes = new Map<number, string>();
    const count = attacks < 100 ? 2 : RUNNERS;
    const runners = Array.from({ length: count }, (_, index) => runOn(index, course, hashes));
    await collect(attacks, course, tell);
    course.isOver = true;
    await Promise.all(runners);
    return { attacks, faults: [...course.faults, ...(await faultsAfter(course, count))], counts: course.counts };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Collecting garbage while others run. */
export default {
  about: 'gc in a loop beside processes that run: no run fails for it, and nothing that a kept run reaches is gone',
  full: 600,
  sample: 2,
  run,
} satisfies Trial;
