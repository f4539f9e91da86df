import { rmSync } from 'node:fs';
import { copyOfCheckout } from './mutation/copy.ts';
import { equivalents } from './mutation/equivalents.ts';
import { mutate } from './mutation/mutate.ts';
import { type Mutant, rooms } from './mutation/rooms.ts';

/**
 * Changes the code of the heart in small ways, one at a time, and asks whether the tests of the same room notice: Stryker in a copy of the
 * checkout, so that neither its changes nor its packages come near ours. A mutant that survives lacks a test, or is named in
 * `mutation/equivalents.ts` with why nobody can tell it from the original; it counts as one that survived all the same.
 *
 *   npm run soak -- mutation                     all rooms
 *   npm run soak -- mutation schedule store      two of them
 */

/** What part of all mutants the tests have to notice. */
const WANTED = 0.85;

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !(name in rooms));
if (unknown !== undefined) {
  process.stderr.write(`There is no room ${unknown} to be mutated. There are: ${Object.keys(rooms).join(', ')}.\n`);
  process.exit(2);
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const noticed = ({ status }: Mutant): boolean => status === 'Killed' || status === 'Timeout';
const score = (mutants: readonly Mutant[]): number => mutants.filter(noticed).length / Math.max(1, mutants.length);

function tell(what: string, mutants: readonly Mutant[]): void {
  const killed = mutants.filter(noticed).length;
  const late = mutants.filter(({ status }) => status === 'Timeout').length;
  const counts = `${mutants.length} mutants · ${killed} killed (${late} by time) · ${mutants.length - killed} survived`;
  print(`${what}: ${counts} · ${(100 * score(mutants)).toFixed(1)} %`);
}

/** Why a mutant cannot be told from the original; undefined where nobody has said so. */
function equivalence({ file, line, original, replacement }: Mutant): string | undefined {
  const isIt = (one: (typeof equivalents)[number]): boolean =>
    one.file === file && line.includes(one.line) && original.startsWith(one.original) && replacement.startsWith(one.replacement);
  return equivalents.find(isIt)?.why;
}

const started = performance.now();
const copy = copyOfCheckout();
const all: Mutant[] = [];
try {
  for (const name of asked.length > 0 ? asked : Object.keys(rooms)) {
    const ofRoom = (rooms[name] ?? []).flatMap((group) => mutate(copy, group));
    for (const file of new Set(ofRoom.map((mutant) => mutant.file))) {
      const mutants = ofRoom.filter((mutant) => mutant.file === file);
      tell(file, mutants);
      for (const mutant of mutants.filter((one) => !noticed(one))) {
        const why = equivalence(mutant);
        const change = `${mutant.original.split('\n')[0]} → ${mutant.replacement.split('\n')[0]}`;
        print(`  ${file}:${mutant.at} ${change}${why === undefined ? '' : ` (the same: ${why})`}`);
      }
    }
    tell(`room ${name}`, ofRoom);
    if (score(ofRoom) < WANTED) process.exitCode = 1;
    all.push(...ofRoom);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
tell(`all, after ${((performance.now() - started) / 60_000).toFixed(1)} min`, all);
