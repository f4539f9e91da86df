import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkout, type Ended, emptyFolder, stillroom, write } from '../../rig.ts';
import type { Cluster } from './cluster.ts';

/** A secret of all nodes. */
export const CANARY = 'canary-1620-secret';

/** What a node does that waits to be released. */
export const WAITS = 'echo x >> "$COUNTER"; while test ! -e "$RELEASE"; do sleep 0.05; done; echo whole > "$out"';

/** A project of one node on a cluster. */
export interface FarProject {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** A line for each time that its node began. */
  counter(): string;
  release(): void;
}

/** What there may be of a project beside what its node does. */
interface FarOptions {
  /** More of the node, as a member of YAML. */
  readonly node?: string;
  /** More of the executor, as members of YAML, each after a comma. */
  readonly settings?: string;
  /** Programs that are found before others, by name: what a shell does in their place. `REAL` is the one that they stand for. */
  readonly programs?: Readonly<Record<string, string>>;
  /** The name of its folder. */
  readonly name?: string;
}

/** Projects on a cluster that a test has started. */
export class Far {
  private readonly cluster: Cluster;
  private readonly cache = emptyFolder();

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  project(run: string, { node, settings = '', programs = {}, name = 'project' }: FarOptions = {}): FarProject {
    const folder = join(emptyFolder(), name);
    const at = (file: string): string => JSON.stringify(join(folder, file));
    write(folder, {
      'artifacts/.gitignore': '*\n',
      'stillroom.yaml': `executors:\n  cluster: { kind: slurm, poll: 0.3s${settings} }\n`,
      'pipeline.yaml': `name: far
stages:
  works:
    run: |
      ${run}
    executor: cluster
    env: { COUNTER: ${at('counter')}, RELEASE: ${at('release')}, TOKEN: { secret: true } }
    out: { out: out.txt }${node === undefined ? '' : `\n    ${node}`}
`,
    });
    for (const [program, text] of Object.entries(programs)) {
      write(folder, { [`bin/${program}`]: `#!/bin/bash\nREAL=${this.cluster.ask('which', program).trim()}\n${text}\n` });
      chmodSync(join(folder, 'bin', program), 0o755);
    }
    const PATH = `${join(folder, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`;
    const env = { TOKEN: CANARY, XDG_CACHE_HOME: this.cache, PATH, ...this.cluster.environment };
    const counter = (): string => (existsSync(join(folder, 'counter')) ? readFileSync(join(folder, 'counter'), 'utf8') : '');
    return { folder, env, counter, release: () => write(folder, { release: '' }) };
  }

  /** The number of the job of a project, once its node has begun so many times. */
  async begun(far: FarProject, times = 1): Promise<string> {
    while (far.counter().split('x').length <= times) await sleep(50);
    return this.submitted(far);
  }

  /** The number of the newest job of a project. */
  async submitted({ folder }: FarProject): Promise<string> {
    const scratch = join(folder, 'artifacts/scratch');
    for (;;) {
      const names = existsSync(scratch) ? (readdirSync(scratch, { recursive: true, encoding: 'utf8' }) as string[]) : [];
      const file = names.find((name) => name.endsWith('slurm.json'));
      if (file !== undefined) return (JSON.parse(readFileSync(join(scratch, file), 'utf8')) as { readonly job: string }).job;
      await sleep(50);
    }
  }

  run({ folder, env }: FarProject, more: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return stillroom(folder, ['run', 'pipeline.yaml', '--json'], { env: { ...env, ...more } });
  }

  /** Starts a run that a test may kill. */
  start(
    { folder, env }: FarProject,
    more: Readonly<Record<string, string>> = {},
    node = process.execPath,
  ): { readonly child: ChildProcess; readonly ended: Promise<number | null>; readonly said: () => string } {
    const args = [join(checkout, 'dist/cli.js'), 'run', 'pipeline.yaml'];
    const options = { cwd: folder, env: { ...process.env, CI: '1', ...env, ...more } };
    const child = spawn(node, args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    return { child, ended: new Promise((resolve) => child.once('close', resolve)), said: () => said };
  }

  /** Fills the cluster, so that all else waits; returns the number of that job. */
  fill(): string {
    const command = ['--parsable', '--nodes=3', '--exclusive', '--output=/dev/null', '--wrap=sleep 600'];
    return this.cluster.ask('sbatch', ...command).trim();
  }

  /** Has the cluster as it was: nothing in its queue, and its partition open. */
  async clear(): Promise<void> {
    this.cluster.ask('scontrol', 'update', 'partitionname=main', 'state=up');
    while (this.queued().length > 0) {
      this.cluster.ask('scancel', '--user=root');
      await sleep(100);
    }
  }

  /** Jobs that are in the queue. */
  queued(): readonly string[] {
    return this.cluster.ask('squeue', '-h', '-t', 'PENDING,RUNNING', '-o', '%i').trim().split('\n').filter(Boolean);
  }
}
