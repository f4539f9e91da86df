// Our TPE beside Optuna's TPESampler and beside random search: six functions, 50 trials, 50 seeds each.
//
//   npm run soak -- tpe
//
// Optuna's values are kept in test/sweep/fixtures/optuna.json; optuna.py beside it makes them.
import optuna from '../sweep/fixtures/optuna.json' with { type: 'json' };
import { bestOf, chanceThatNotLarger, functions } from '../sweep/functions.ts';

const SEEDS = 50;
/** A difference counts where chance alone brings it about less often. */
const LEVEL = 0.01;

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const print = (...cells: readonly (string | number)[]): void =>
  console.log(cells.map((cell) => (typeof cell === 'number' ? cell.toPrecision(4) : cell).padEnd(14)).join(''));

const best: Readonly<Record<string, readonly number[]>> = optuna.best;
let bad = 0;
print('median of', 'ours', 'Optuna', 'random', 'p(worse)', 'p(> random)');
for (const name of Object.keys(functions)) {
  const seeds = Array.from({ length: SEEDS }, (_, seed) => seed);
  const ours = seeds.map((seed) => bestOf(name, 'tpe', optuna.trials, seed));
  const even = seeds.map((seed) => bestOf(name, 'random', optuna.trials, seed));
  const theirs = best[name] ?? [];
  const worse = chanceThatNotLarger(ours, theirs);
  const better = chanceThatNotLarger(even, ours);
  if (worse < LEVEL || better >= LEVEL) bad += 1;
  print(name, median(ours), median(theirs), median(even), worse, better);
}
console.log(bad === 0 ? 'not worse than Optuna, and better than random, on all' : `${bad} of the functions fail`);
process.exitCode = bad === 0 ? 0 : 1;
