import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cli } from './small-project.ts';

/** How a command of its own process ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/** A project whose nodes note each execution in a file, of one user with a cache of its own. */
export class CountedProject {
  readonly folder: string;
  private readonly executed: string;
  private readonly environment: Readonly<Record<string, string | undefined>>;

  constructor(folder: string, files: Readonly<Record<string, string>>) {
    this.folder = folder;
    this.executed = join(folder, 'executed');
    const { NODE_EXTRA_CA_CERTS: _certificates, ...environment } = process.env;
    this.environment = { ...environment, CI: '1', XDG_CACHE_HOME: join(folder, 'cache'), EXECUTED: this.executed };
    writeFileSync(join(folder, 'package.json'), '{}\n');
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  }

  /** Runs the real command line. */
  stillroom(...args: readonly string[]): Promise<Ended> {
    const started = performance.now();
    const child = spawn(process.execPath, [cli, ...args], { cwd: this.folder, env: this.environment });
    const printed = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        printed[name] += text;
      });
    return new Promise((resolve) =>
      child.once('close', (code) => resolve({ code, ...printed, seconds: (performance.now() - started) / 1000 })),
    );
  }

  /** What was executed, a word for each time. */
  executions(): string[] {
    return existsSync(this.executed) ? readFileSync(this.executed, 'utf8').split('\n').filter(Boolean) : [];
  }
}
