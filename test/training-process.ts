import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeDataset } from './stages/dataset.ts';

/** Writes a packed dataset of painted images of 16 × 16 in four classes into `data`, and a split of it in two folds as `split.json`. */
export function writePaintedFolds(folder: string, count: number): void {
  const labels = Array.from({ length: count }, (_, image) => image % 4);
  writeDataset(join(folder, 'data'), { labels, size: 16 });
  const assignment = labels.map((_, image) => Math.floor(image / 4) % 2);
  writeFileSync(join(folder, 'split.json'), JSON.stringify({ format: 1, folds: 2, seed: 0, assignment }));
}

/** The process of the one training that works in a store, found by the paths in its command; undefined if none runs. */
export function trainingIn(store: string): number | undefined {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const found = pids.find((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return command.includes(join(store, 'scratch')) && command.startsWith(process.execPath);
    } catch {
      return false;
    }
  });
  return found === undefined ? undefined : Number(found);
}

/** The numbers of the complete checkpoints of the one training in a store, ascending, and the steps that the newest has done. */
export function checkpointsIn(store: string): { readonly numbers: readonly number[]; readonly step: number } {
  const root = join(store, 'checkpoints');
  const [work = ''] = existsSync(root) ? readdirSync(root) : [];
  const names = existsSync(join(root, work)) ? readdirSync(join(root, work)) : [];
  const numbers = names.flatMap((name) => /^complete-(\d+)$/.exec(name)?.slice(1).map(Number) ?? []).sort((a, b) => a - b);
  const newest = join(root, work, `complete-${numbers.at(-1)}`, 'progress.json');
  return { numbers, step: numbers.length === 0 ? 0 : (JSON.parse(readFileSync(newest, 'utf8')) as { step: number }).step };
}
