// What each choice of the recipe brings, as a table with paired differences:
//
//   npm run bench -- ablation [options of `stillroom sweep`, e.g. --store FOLDER --time 90m]
//
// Runs pipelines/ablation.yaml's sweep (it goes on where it was stopped) and compares each arm with the recipe of as many epochs seed by
// seed. A difference whose size is below two standard errors of the paired differences is called "none shown".
import { spawn } from 'node:child_process';

interface Repeat {
  readonly repeat: Readonly<Record<string, number>>;
  readonly metrics: Readonly<Record<string, number>>;
}

interface Arm {
  readonly params: Readonly<Record<string, string | number>>;
  readonly state: string;
  readonly repeats?: readonly Repeat[];
}

/** What `stillroom sweep --json` prints, as far as it is read here. */
interface Sweep {
  readonly trials?: readonly Arm[];
  readonly error?: { readonly message: string; readonly hint?: string };
}

async function sweep(options: readonly string[]): Promise<Sweep> {
  const child = spawn(process.execPath, ['dist/cli.js', 'sweep', 'pipelines/ablation.yaml', '--json', ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  let text = '';
  for await (const part of child.stdout) text += String(part);
  return JSON.parse(text) as Sweep;
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The sample standard deviation. */
function deviationOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(values.length - 1, 1));
}

const metricOf = ({ repeats = [] }: Arm, metric: string): number[] => repeats.map(({ metrics }) => metrics[metric] ?? Number.NaN);

/** The arm's accuracies less the recipe's of the same seeds, in points of percent. */
function pairedDifferences(arm: Arm, base: Arm): number[] {
  const seedOf = ({ repeat }: Repeat): string => JSON.stringify(repeat);
  const known = new Map(base.repeats?.map((own) => [seedOf(own), own.metrics['benchmark.accuracy']]));
  return (arm.repeats ?? []).flatMap((own) => {
    const other = known.get(seedOf(own));
    const value = own.metrics['benchmark.accuracy'];
    return other === undefined || value === undefined ? [] : [100 * (value - other)];
  });
}

/** "+0.40 ± 0.12" with the standard error, or that none is shown. */
function verdictOf(differences: readonly number[]): string {
  if (differences.length < 2) return 'too few seeds';
  const mean = meanOf(differences);
  const error = deviationOf(differences) / Math.sqrt(differences.length);
  const sign = mean < 0 ? '−' : '+';
  const text = `${sign}${Math.abs(mean).toFixed(2)} ± ${error.toFixed(2)}`;
  return Math.abs(mean) < 2 * error ? `none shown (${text})` : text;
}

const percent = (values: readonly number[]): string => `${(100 * meanOf(values)).toFixed(2)} ± ${(100 * deviationOf(values)).toFixed(2)}`;

/** The params of an arm as they are written, `loss.teacher` in place of one for each node. */
function nameOf({ params }: Arm): string {
  const said = Object.entries(params).map(([param, value]) => `\`${param.replace(/^\w+\.(?=.*\.)/, '')}: ${value}\``);
  return said.length === 0 ? 'the recipe' : [...new Set(said)].join(', ');
}

/** Prints the table as Markdown. */
function report(trials: readonly Arm[]): void {
  const done = trials.filter(({ repeats = [] }) => repeats.length > 0);
  const recipeOf = ({ params: { epochs } }: Arm): Arm | undefined =>
    done.find(({ params: { epochs: own, ...others } }) => own === epochs && Object.keys(others).length === 0);
  if (done.every((arm) => recipeOf(arm) === undefined)) throw new Error('The recipe itself has not been run yet.');
  console.log('| arm | held-out fold % | test % | against the recipe of as many epochs, points | frames/s | score |');
  console.log('|---|---|---|---|---|---|');
  for (const arm of done) {
    const base = recipeOf(arm);
    const cells = [
      nameOf(arm),
      percent(metricOf(arm, 'student.top1')),
      percent(metricOf(arm, 'benchmark.accuracy')),
      base === undefined ? 'not run yet' : arm === base ? '' : verdictOf(pairedDifferences(arm, base)),
      meanOf(metricOf(arm, 'benchmark.fps')).toFixed(0),
      meanOf(metricOf(arm, 'benchmark.score')).toFixed(3),
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
  const left = trials.filter(({ state }) => state !== 'done');
  if (left.length > 0) console.log(`\nNot run: ${left.map(({ params, state }) => `${JSON.stringify(params)} (${state})`).join(', ')}`);
}

const { trials, error } = await sweep(process.argv.slice(2));
if (trials === undefined) throw new Error([error?.message, error?.hint].join('; '));
report(trials);
