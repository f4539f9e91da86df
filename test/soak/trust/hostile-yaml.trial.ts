import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { dice } from './dice.ts';
import type { Trial } from './trial.ts';
import { hostilePipelines, hostileSweeps } from './yaml-pipelines.ts';
import { type Family, HEAD, NODE, yamlTexts } from './yaml-texts.ts';

/** What an answer may take beyond that to an honest file: milliseconds of the processor, and MiB. */
const MOST = { milliseconds: 3500, mebibytes: 320 };
/** Parts of an attack, from harmless to what fills a file. */
const SIZES = [3, 100, 2000, 20_000, 50_000];

/** What is read, by whom, and what it is called in reports. */
interface Attack {
  readonly name: string;
  readonly verb: 'plan' | 'sweep';
  readonly file: 'p.yaml' | 'stillroom.yaml';
  readonly family: Family;
}

const attacks: readonly Attack[] = [
  ...Object.entries(yamlTexts).map(([name, family]) => ({ name, verb: 'plan', file: 'p.yaml', family }) as const),
  ...Object.entries(hostilePipelines).map(([name, family]) => ({ name, verb: 'plan', file: 'p.yaml', family }) as const),
  ...Object.entries(hostileSweeps).map(([name, family]) => ({ name, verb: 'sweep', file: 'p.yaml', family }) as const),
  ...Object.entries(yamlTexts).map(
    ([name, family]) => ({ name: `${name} in stillroom.yaml`, verb: 'plan', file: 'stillroom.yaml', family }) as const,
  ),
];

/** What a process took. */
interface Cost {
  readonly milliseconds: number;
  readonly mebibytes: number;
}

interface Answer extends Cost {
  readonly code: number;
  readonly text: string;
}

/** With fewer attacks nothing is measured. */
const FEW = 50;

/** What is asked about without malice. */
const HONEST = { plan: HEAD + NODE, sweep: hostileSweeps['an honest sweep']?.(1, dice(0)) ?? '' };

const difference = (a: Cost, b: Cost): Cost => ({ milliseconds: a.milliseconds - b.milliseconds, mebibytes: a.mebibytes - b.mebibytes });
const leastOf = (a: Cost, b: Cost): Cost => ({
  milliseconds: Math.min(a.milliseconds, b.milliseconds),
  mebibytes: Math.min(a.mebibytes, b.mebibytes),
});
const isTooMuch = (cost: Cost): boolean => cost.milliseconds > MOST.milliseconds || cost.mebibytes > MOST.mebibytes;

/** Loaded before a program: says at its end what it took, in milliseconds of the processor and MiB of memory. */
const SAY_COST = `
import { writeFileSync } from 'node:fs';
process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  writeFileSync(process.env.TAKEN_FILE, JSON.stringify({ milliseconds: (userCPUTime + systemCPUTime) / 1000, mebibytes: maxRSS / 1024 }));
});`;

function ask(folder: string, args: readonly string[]): Promise<Answer> {
  const taken = join(folder, 'taken.json');
  const program = [`--import=data:text/javascript,${encodeURIComponent(SAY_COST)}`, resolve('dist/cli.js'), ...args];
  // Variables that files name: that one is not set is no fault of a file, and has no place in it.
  const env = { ...process.env, V0: '', V1: '', V2: '', CI: '1', TAKEN_FILE: taken, XDG_CACHE_HOME: join(folder, 'cache') };
  return new Promise((done) => {
    execFile(process.execPath, program, { cwd: folder, env, timeout: 60_000, maxBuffer: 2 ** 30 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      const cost = code === -1 ? { milliseconds: Number.NaN, mebibytes: Number.NaN } : JSON.parse(readFileSync(taken, 'utf8'));
      done({ code, text: stdout + stderr, ...cost });
    });
  });
}

/** What is wrong with an answer, or nothing. */
function faultOf({ code, text }: Answer, file: string): string | undefined {
  if (/^\s+at .*:\d+:\d+\)?$/m.test(text)) return `prints a stack: ${text.slice(0, 300)}`;
  if (code === 0) return undefined;
  if (code !== 2 && code !== 3) return `exit code ${code}: ${text.slice(0, 300)}`;
  // What the machine lacks stands nowhere in the file.
  if (code === 3 && !/\[missing-(?:variable|tool)\]/.test(text) && !new RegExp(`^  ${file.replace('.', '\\.')}:\\d+:\\d+$`, 'm').test(text))
    return `is refused without a place: ${text.slice(0, 300)}`;
  return text.length > 20_000 ? `answers with ${text.length} letters` : undefined;
}

/** A folder with a project in which hostile files are asked about, one after the other. */
class Project {
  private readonly folder = mkdtempSync(join(tmpdir(), 'stillroom-yaml-'));
  private readonly honest = new Map<string, Cost>();

  constructor() {
    writeFileSync(join(this.folder, 'package.json'), '{}');
  }

  /** Asks about a file beside an honest one, in an empty store. */
  ask(attack: Attack, content: string | Buffer): Promise<Answer> {
    rmSync(join(this.folder, 'stillroom.yaml'), { force: true });
    rmSync(join(this.folder, 'artifacts'), { recursive: true, force: true });
    mkdirSync(join(this.folder, 'artifacts'));
    writeFileSync(join(this.folder, 'p.yaml'), HONEST[attack.verb]);
    writeFileSync(join(this.folder, attack.file), content);
    return ask(this.folder, [attack.verb, 'p.yaml', ...(attack.verb === 'sweep' ? ['--trials', '1'] : [])]);
  }

  /** What an answer takes beyond that to an honest file: the least of three, since other processes cost it time too. */
  async beyond(attack: Attack, content: string | Buffer, first: Cost): Promise<Cost> {
    let least = first;
    let honest = this.honest.get(attack.verb) ?? (await this.ask(attack, HONEST[attack.verb]));
    for (let again = 0; again < 2 && isTooMuch(difference(least, honest)); again += 1) {
      honest = leastOf(honest, await this.ask({ ...attack, file: 'p.yaml' }, HONEST[attack.verb]));
      least = leastOf(least, await this.ask(attack, content));
    }
    this.honest.set(attack.verb, honest);
    return difference(least, honest);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const trial: Trial = {
  about: 'whatever a YAML file says, it is planned or refused with a place, cheaply and without a stack',
  full: 500,
  sample: 5,
  async run(count, tell) {
    const project = new Project();
    const faults: string[] = [];
    const most = { milliseconds: 0, mebibytes: 0 };
    let refused = 0;
    try {
      for (let index = 0; index < count; index += 1) {
        // Prime to the number of families, so that few attacks are spread over all of them.
        const attack = attacks[(index * 53) % attacks.length] as Attack;
        const size = SIZES[(index + Math.floor((index * 53) / attacks.length)) % SIZES.length] ?? 3;
        const content = attack.family(size, dice(index));
        const answer = await project.ask(attack, content);
        if (answer.code !== 0) refused += 1;
        const fault = faultOf(answer, attack.file);
        if (fault !== undefined) faults.push(`${attack.name} (${size}): ${fault}`);
        // The figures belong to the whole soak: in a sample among other tests they say little.
        if (count < FEW || fault !== undefined) continue;
        const cost = await project.beyond(attack, content, answer);
        most.milliseconds = Math.max(most.milliseconds, cost.milliseconds);
        most.mebibytes = Math.max(most.mebibytes, cost.mebibytes);
        const told = `${attack.name} (${size}): ${Math.round(cost.milliseconds)} ms, ${Math.round(cost.mebibytes)} MiB`;
        if (isTooMuch(cost)) faults.push(told);
        if (isTooMuch(cost)) tell(told);
      }
    } finally {
      project.remove();
    }
    const counts = { refused, 'ms at most': Math.round(most.milliseconds), 'MiB at most': Math.round(most.mebibytes) };
    return { attacks: count, faults, counts };
  },
};

export default trial;
