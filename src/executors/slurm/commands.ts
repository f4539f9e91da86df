import { spawn } from 'node:child_process';

type Environment = Readonly<Record<string, string | undefined>>;

/** How a command of Slurm ended. */
export interface Answer {
  /** 127 where there is no such program. */
  readonly code: number;
  readonly printed: string;
  /** What it said of errors. */
  readonly said: string;
}

/** Milliseconds after which a command that does not answer is given up. */
const PATIENCE = 60_000;

/**
 * Variables by which a user sets up the commands of Slurm; those of a job that this process itself may run in are none of them. Those of squeue
 * would hide jobs, and some of sbatch make of a job what it shall not be.
 */
const OWN = /^(?:PATH|HOME|USER|LOGNAME|SLURM_CONF|SLURM_CLUSTERS|SBATCH_(?!(?:WAIT|ARRAY_INX|JOB_NAME|REQUEUE|SIGNAL)$)\w+)$/;

/** What commands of Slurm are given of an environment. A job inherits it, so it holds no more than they need. */
export function commandEnvironment(environment: Environment): Record<string, string> {
  const kept = Object.entries(environment).filter((entry): entry is [string, string] => OWN.test(entry[0]) && entry[1] !== undefined);
  return { ...Object.fromEntries(kept), LANG: 'C.UTF-8' };
}

/** How a command is run. */
export interface Asking {
  readonly environment: Record<string, string>;
  readonly input?: string;
  /** It is not waited for any longer. */
  readonly signal?: AbortSignal;
  /** One that says this is not waited for any longer. */
  readonly enough?: RegExp;
}

/** Runs a command of Slurm; never throws. */
export function ask(command: readonly string[], { environment, input = '', signal, enough }: Asking): Promise<Answer> {
  const [program = '', ...args] = command;
  return new Promise((resolve) => {
    const aborting = signal === undefined ? {} : { signal };
    const child = spawn(program, args, { env: environment, stdio: ['pipe', 'pipe', 'pipe'], timeout: PATIENCE, ...aborting });
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        texts[name] += text;
        if (enough?.test(texts.stderr) === true) child.kill();
      });
    child.stdin.on('error', () => undefined);
    child.once('error', (error: NodeJS.ErrnoException) =>
      resolve({ code: error.code === 'ENOENT' ? 127 : 126, printed: '', said: error.message }),
    );
    child.once('close', (code) => {
      const said = [texts.stderr.trim(), ...(child.killed ? ['no more was waited for'] : [])];
      resolve({ code: code ?? 1, printed: texts.stdout, said: said.join('\n').trim() });
    });
    child.stdin.end(input);
  });
}

/** What a command said, without its name and the words that Slurm puts in front. */
export function saidBy({ said }: Answer): string {
  const lines = said.split('\n').map((line) => line.replace(/^\w+: (?:error: )?/, '').replace('Batch job submission failed: ', ''));
  return lines.findLast((line) => line.trim() !== '')?.trim() ?? 'it did not say why';
}
