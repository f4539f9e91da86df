import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Trial } from './trust/trial.ts';

/**
 * Attacks on a store and its runs: kills, power cuts, faults of the system, damage, hostile files. Each trial is a file of `trust/`.
 *
 *   npm run soak -- trust                    all of them, in full
 *   npm run soak -- trust damage kills=100   two of them, one with a smaller number of attacks
 *   npm run soak -- trust cluster-kills=50@7 drawn from another seed than usual, where a trial draws
 */
const folder = resolve('test/soak/trust');
const names = readdirSync(folder).flatMap((file) => (/^[\w-]+\.trial\.ts$/.test(file) ? [file.slice(0, -'.trial.ts'.length)] : []));

const asked = process.argv.slice(2);
const unknown = asked.map((word) => word.split(/[=@]/, 1)[0] ?? '').filter((name) => !names.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`There is no ${join('test/soak/trust', `${unknown[0]}.trial.ts`)}. There are: ${names.join(', ')}.\n`);
  process.exit(2);
}

for (const word of asked.length > 0 ? asked : names) {
  const [, name = '', amount, seed] = /^([\w-]+)(?:=(\d+))?(?:@(\d+))?$/.exec(word) ?? [];
  const { default: trial } = (await import(`./trust/${name}.trial.ts`)) as { readonly default: Trial };
  const missing = trial.missing?.();
  if (missing !== undefined) {
    process.stdout.write(`${name}: left out, since ${missing}\n`);
    continue;
  }
  process.stdout.write(`${name}: ${trial.about}\n`);
  const started = performance.now();
  const tell = (line: string): void => void process.stdout.write(`  ${line}\n`);
  const {
    attacks,
    faults,
    counts = {},
  } = await trial.run(Number(amount ?? trial.full), tell, seed === undefined ? undefined : Number(seed));
  for (const fault of faults) process.stdout.write(`  ✖ ${fault}\n`);
  const said = Object.entries(counts).map(([what, count]) => `${count} ${what}`);
  const minutes = ((performance.now() - started) / 60_000).toFixed(1);
  process.stdout.write(`  ${[`${attacks} attacks`, `${faults.length} faults`, ...said, `${minutes} min`].join(' · ')}\n`);
  if (faults.length > 0) process.exitCode = 1;
}
