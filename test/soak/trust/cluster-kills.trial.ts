import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Cluster, startCluster, whyNoSlurm } from '../../executors/slurm/cluster.ts';
import { CREDENTIALS, noS3, type S3Server, startS3 } from '../../stores/s3-server.ts';
import { machines, whyNotShared } from '../../stores/shared/machines.ts';
import { living } from './aftermath.ts';
import { Attacks } from './cluster-attacks.ts';
import { Coordinator, type Course } from './cluster-coordinator.ts';
import { ClusterProject, NOTED } from './cluster-project.ts';
import { numbers } from './numbers.ts';
import type { Findings, Trial } from './trial.ts';

/** Kills in a round. */
const KILLS = 12;

/** Milliseconds between two kills, at most. */
const PAUSE = 1000;

/** Milliseconds in which everything must have come to its end once nothing is killed any more: far more than it takes. */
const PATIENCE = 300_000;

/** A project, and how its rounds are run. */
interface Place {
  readonly name: string;
  readonly project: ClusterProject;
  readonly remote: 'bucket' | 'drive';
  /** What runs a coordinator on another machine; empty: there is only this one. */
  readonly elsewhere: readonly string[];
}

/** What all rounds use. */
interface Grounds {
  readonly root: string;
  readonly cluster: Cluster;
  readonly bucket: S3Server;
  readonly tell: (line: string) => void;
}

interface Answer {
  readonly hash?: string;
  readonly executed?: readonly string[];
  readonly trials?: readonly { readonly hash: string }[];
}

/** The hashes that a run, or the variants of a sweep, ended with. */
function hashesIn(answer: object | undefined): string {
  const { hash, trials = [] } = (answer ?? {}) as Answer;
  return [hash, ...trials.map((one) => one.hash)].join(' ');
}

/** What runs undisturbed end with, on a machine of its own. */
async function referenceOf(project: ClusterProject, n: number): Promise<readonly [run: string, sweep: string]> {
  const run = await new Coordinator('reference', { project, args: project.run(n) }).ended;
  const sweep = await new Coordinator('reference sweep', { project, args: project.sweep(n) }).ended;
  project.takeBegun();
  return [hashesIn(run.answer), hashesIn(sweep.answer)];
}

/** Waits until something holds; false: it does not come to hold. */
async function until(holds: () => boolean, milliseconds = 30_000): Promise<boolean> {
  for (const end = performance.now() + milliseconds; performance.now() < end; await sleep(100)) if (holds()) return true;
  return holds();
}

/** Runs, sweeps and kills. Returns what did not hold. */
class Round {
  readonly faults: string[] = [];
  readonly counts: Record<string, number> = {};
  private readonly grounds: Grounds;
  private readonly place: Place;
  private readonly n: number;

  constructor(grounds: Grounds, place: Place, n: number) {
    this.grounds = grounds;
    this.place = place;
    this.n = n;
  }

  /** Returns how often it killed. */
  async go(kills: number, random: () => number): Promise<number> {
    const { place, n } = this;
    const { project, remote, elsewhere } = place;
    const expected = await referenceOf(this.another('reference'), n);
    const more = ['--remote', remote];
    const coordinators = [
      new Coordinator('cluster', { project, args: project.run(n, ...more, '--executor', 'cluster') }),
      new Coordinator('local', { project, args: project.run(n, ...more), wrapper: [...elsewhere] }),
      // In half of the rounds on the cluster too: else this machine is done with most before a job begins.
      new Coordinator('sweep', { project, args: project.sweep(n, ...more, ...(n % 8 >= 4 ? ['--executor', 'cluster'] : [])) }),
    ];
    const made = await this.attack(coordinators, kills, random);
    for (const one of coordinators) one.calm();
    const courses = await Promise.race([
      Promise.all(coordinators.map(({ ended }) => ended)),
      sleep(PATIENCE, 'late' as const, { ref: false }),
    ]);
    if (courses === 'late') {
      this.faults.push(`some of them do not come to an end: ${coordinators.flatMap(({ pid, name }) => (pid === undefined ? [] : name))}`);
      for (const one of coordinators) one.kill();
    } else this.compare(courses, expected, kills === 0);
    await this.lookForRemains(kills === 0);
    if (courses !== 'late') await this.lookElsewhere(expected);
    return made;
  }

  private another(name: string): ClusterProject {
    const folder = join(this.grounds.root, `${this.place.name}-${name}`);
    const store = join(folder, 'artifacts');
    return new ClusterProject({ ...this.place.project.places, folder, store, server: store });
  }

  private async attack(coordinators: readonly Coordinator[], kills: number, random: () => number): Promise<number> {
    const attacks = new Attacks({ ...this.grounds, coordinators }, random);
    let made = 0;
    while (made < kills) {
      await sleep(random() * PAUSE);
      const isOver = coordinators.every(({ hasEnded }) => hasEnded);
      if (isOver) break;
      const what = attacks.one();
      if (what === undefined) continue;
      made += 1;
      this.grounds.tell(`${this.place.name} ${this.n}: ${what}`);
    }
    await attacks.over();
    Object.assign(this.counts, attacks.counts);
    return made;
  }

  private compare(courses: readonly Course[], [run, sweep]: readonly [string, string], isCalm: boolean): void {
    for (const [index, { answer, failures }] of courses.entries()) {
      const hashes = hashesIn(answer);
      if (hashes !== (index === 2 ? sweep : run)) this.faults.push(`coordinator ${index} ended as ${hashes}: ${failures.join('\n')}`);
      else if (isCalm && failures.length > 0) this.faults.push(failures.join('\n'));
      for (const failure of failures) {
        this.counts['failures'] = (this.counts['failures'] ?? 0) + 1;
        this.grounds.tell(failure);
      }
    }
    const begun = this.place.project.takeBegun();
    if (isCalm && (begun.length !== NOTED || new Set(begun).size !== NOTED)) this.faults.push(`begun were ${begun.toSorted().join(', ')}`);
    for (const [work, times] of this.place.project.executed())
      if (times > 1) this.faults.push(`${work} was executed to a kept result ${times} times`);
  }

  private async lookForRemains(isCalm: boolean): Promise<void> {
    const { cluster } = this.grounds;
    const { folder, store } = this.place.project.places;
    const queued = (): string => cluster.ask('squeue', '-h');
    if (!(await until(() => queued() === ''))) this.faults.push(`jobs are left: ${queued()}`);
    const alive = (): string[] => [...living(folder), ...living(store)];
    if (!(await until(() => alive().length === 0))) this.faults.push(`processes are left: ${alive().join(', ')}`);
    if (isCalm) this.expectNoAttempts('');
    const warnings = isCalm ? this.place.project.warnings() : [];
    if (warnings.length > 0) this.faults.push(`undisturbed it warned: ${warnings.join('\n')}`);
    await this.expectWell(this.place.project, ['gc', '--wait', '--store', store, '--json']);
    this.expectNoAttempts('gc: ');
    await this.expectWell(this.place.project, ['verify', '--store', store, '--json']);
  }

  private expectNoAttempts(where: string): void {
    // Of a pilot that outlives its run the log is still open when it removes its folder, which stays where a client of a file server shows it.
    const isEmpty = (name: string): boolean => this.place.name === 'shared' && /^pilots-[0-9a-f]+$/.test(name);
    const left = this.place.project.attempts().filter((name) => !isEmpty(name));
    if (left.length > 0) this.faults.push(`${where}folders of attempts are left: ${left.join(', ')}`);
  }

  private async expectWell(project: ClusterProject, args: readonly string[]): Promise<object | undefined> {
    const { answer, failures } = await new Coordinator(args[0] ?? '', { project, args }).ended;
    if (answer === undefined) this.faults.push(failures[0] ?? '');
    return answer;
  }

  /** A machine that has nothing but the remote executes nothing. */
  private async lookElsewhere([run, sweep]: readonly [string, string]): Promise<void> {
    const { project, remote } = this.place;
    await this.expectWell(project, ['push', '--remote', remote, '--store', project.places.store, '--json']);
    const other = this.another(`elsewhere-${this.n}`);
    const one = (await this.expectWell(other, other.run(this.n, '--remote', remote))) as Answer | undefined;
    const all = await this.expectWell(other, other.sweep(this.n, '--remote', remote));
    if (hashesIn(one) !== run || hashesIn(all) !== sweep) this.faults.push('another machine ended otherwise');
    const executed = [...other.takeBegun(), ...(one?.executed ?? [])];
    if (executed.length > 0) this.faults.push(`another machine executed ${executed.join(', ')}`);
    rmSync(other.places.folder, { recursive: true, force: true });
  }
}

/** Of a store that two machines share: where the file server has it, and what runs something on the other machine. */
interface Shared {
  readonly server: string;
  readonly elsewhere: readonly string[];
}

/** A project on a disk of this machine, and one on a folder that two machines share. */
async function placesIn({ root, cluster, bucket }: Grounds, isShared: boolean, ends: (() => void)[]): Promise<Place[]> {
  const common = {
    drive: join(root, 'drive'),
    endpoint: bucket.endpoint,
    cache: join(root, 'cache'),
    environment: { ...CREDENTIALS, ...cluster.environment },
  };
  mkdirSync(common.drive);
  const placeOf = (name: string, store: string, { server = store, elsewhere = [] }: Partial<Shared> = {}): Place[] => {
    const folder = join(root, name);
    const project = new ClusterProject({ ...common, folder, store, server, begun: join(root, `${name}-begun`) });
    return (['bucket', 'drive'] as const).map((remote) => ({ name, project, remote, elsewhere }));
  };
  const here = placeOf('disk', join(root, 'disk', 'artifacts'));
  if (!isShared) return here;
  const shared = await machines(join(root, 'machines'), 30);
  ends.push(shared.end);
  const [one = '', two = ''] = shared.all.map(({ folder }) => folder);
  const leases = join(shared.server, 'artifacts', 'locks', 'leases');
  mkdirSync(leases, { recursive: true });
  writeFileSync(join(leases, 'settings.json'), '{"silence":6}');
  // The folder of the other machine in the place of this one's.
  const other = [
    'unshare',
    '--mount',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
    'sh',
    '-c',
    `mount --bind ${two} ${one} && exec "$@"`,
    '-',
  ];
  return [...here, ...placeOf('shared', join(one, 'artifacts'), { server: join(shared.server, 'artifacts'), elsewhere: other })];
}

async function run(attacks: number, tell: (line: string) => void, seed = 1): Promise<Findings> {
  const root = mkdtempSync(join(tmpdir(), 'stillroom-cluster-kills-'));
  for (const name of ['cluster', 'bucket', 'machines']) mkdirSync(join(root, name));
  const ends: (() => void)[] = [];
  const faults: string[] = [];
  const counts: Record<string, number> = {};
  const cluster = await startCluster(join(root, 'cluster'));
  const bucket = await startS3(join(root, 'bucket'));
  try {
    const grounds: Grounds = { root, cluster, bucket, tell };
    const places = await placesIn(grounds, attacks > KILLS && whyNotShared() === undefined, ends);
    let made = 0;
    for (let round = 0; made < attacks && faults.length === 0; round += 1) {
      // First each place undisturbed.
      const place = places[round % places.length] as Place;
      const isCalm = round < (attacks > KILLS ? places.length : 1);
      const one = new Round(grounds, place, seed * 1000 + round);
      made += await one.go(isCalm ? 0 : Math.min(KILLS, attacks - made), numbers(seed * 1000 + round));
      for (const [what, count] of Object.entries(one.counts)) counts[what] = (counts[what] ?? 0) + count;
      for (const fault of one.faults) faults.push(`${place.name}, ${place.remote}, seed ${seed}, round ${round}: ${fault}`);
      tell(`round ${round} (${place.name}, ${place.remote}): ${made} of ${attacks}, ${one.faults.length} faults`);
    }
    return { attacks: made, faults, counts };
  } finally {
    bucket.stop();
    await cluster.stop();
    for (const end of ends) end();
    if (faults.length === 0) rmSync(root, { recursive: true, force: true });
    else tell(`what is left lies in ${root}`);
  }
}

/** Many at once: a cluster, this machine and a sweep on one store and one remote, and SIGKILL for whoever takes part. */
export default {
  about:
    'two coordinators and a sweep on one store, one remote and a cluster, all of which are killed at any time: nothing is lost or done twice',
  full: 300,
  sample: 5,
  missing: () => whyNoSlurm() ?? noS3,
  run,
} satisfies Trial;
