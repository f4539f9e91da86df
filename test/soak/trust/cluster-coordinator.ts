import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterProject } from './cluster-project.ts';
import { cli } from './small-project.ts';

/** Starts that come to no end although nothing is killed any more, after which a coordinator is given up. */
const FAILURES = 3;

/** How a coordinator came to its end, or did not. */
export interface Course {
  /** What it printed with `--json` when it ended well; undefined: it was given up. */
  readonly answer: object | undefined;
  readonly starts: number;
  /** What it said where it ended otherwise than well without being killed. */
  readonly failures: readonly string[];
}

/** A coordinator that is started anew, as a person would, until it ends well. */
export class Coordinator {
  readonly name: string;
  readonly ended: Promise<Course>;
  private readonly project: ClusterProject;
  private readonly args: readonly string[];
  /** What stands in front of its command: it may run on a machine of its own. */
  private readonly wrapper: readonly string[];
  private child: ChildProcess | undefined;
  private isKilled = false;
  /** It has come to its end, or was given up. */
  hasEnded = false;
  private isCalm = false;

  constructor(
    name: string,
    { project, args, wrapper = [] }: { readonly project: ClusterProject; readonly args: readonly string[]; readonly wrapper?: string[] },
  ) {
    this.name = name;
    this.project = project;
    this.args = args;
    this.wrapper = wrapper;
    this.ended = this.goOn().finally(() => {
      this.hasEnded = true;
    });
  }

  /** Its process, while it lives. */
  get pid(): number | undefined {
    return this.child?.exitCode === null && this.child.signalCode === null ? this.child.pid : undefined;
  }

  kill(): void {
    this.isKilled = true;
    this.child?.kill('SIGKILL');
  }

  /** From now on it is not disturbed any more. */
  calm(): void {
    this.isCalm = true;
  }

  private async goOn(): Promise<Course> {
    const failures: string[] = [];
    let starts = 0;
    for (let calmFailures = 0; calmFailures < FAILURES; await sleep(100)) {
      this.isKilled = false;
      const wasCalm = this.isCalm;
      starts += 1;
      const { code, stdout, stderr } = await this.once();
      if (code === 0 && !hasFailedTrials(stdout)) return { answer: JSON.parse(stdout) as object, starts, failures };
      if (this.isKilled) continue;
      failures.push(`${this.name} ended with ${code}: ${errorIn(stdout)}\n${stderr.slice(-3000)}`);
      if (wasCalm) calmFailures += 1;
    }
    return { answer: undefined, starts, failures };
  }

  private once(): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
    const [program = '', ...rest] = [...this.wrapper, process.execPath, cli, ...this.args];
    const child = spawn(program, rest, {
      cwd: this.project.places.folder,
      env: { ...this.project.environment, STILLROOM_COORDINATOR: this.name },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    const printed = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        printed[name] += text;
      });
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...printed })));
  }
}

/** A sweep ends well although some of its variants failed: it is asked for them again. */
function hasFailedTrials(stdout: string): boolean {
  return stdout.includes('"state":"failed"');
}

/** The problem that an answer of `--json` tells of. */
function errorIn(stdout: string): string {
  const [, error] = /"error":(\{.*\})/.exec(stdout) ?? [];
  return error ?? stdout.slice(0, 300);
}
