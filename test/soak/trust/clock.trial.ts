import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Json, questions } from './questions.ts';
import type { Trial } from './trial.ts';

const DAY = 24 * 60 * 60 * 1000;

/** Loaded before a program: its clock is off by so many milliseconds, and again by so many from the moment that a child has started. */
const JUMP = `
const { Date: Real } = globalThis;
const [first, then] = (process.env.JUMPS ?? '0,0').split(',').map(Number);
const begun = performance.now();
const now = Real.now;
const off = () => first + (performance.now() - begun > 150 ? then : 0);
globalThis.Date = class extends Real {
  constructor(...given) { if (given.length === 0) super(now() + off()); else super(...given); }
  static now() { return now() + off(); }
};`;

const pipeline = `name: p
params: { n: 1 }
stages:
  a: { run: 'echo "$n" > "$o"; sleep 0.2', with: { n: $n }, out: { o: o.txt } }
  b: { run: 'cat "$i" > "$o"', in: { i: a.o }, out: { o: o.txt } }
`;

/** Jumps in days: of the clock when a run starts, and once more while it runs. */
const JUMPS: readonly (readonly [atStart: number, within: number])[] = [
  [400, 0],
  [-400, 0],
  [0, -400],
  [0, 400],
  [400, -800],
  [-400, 800],
  [0.001, -0.002],
  [-1, 0],
];

const trial: Trial = {
  about: 'a clock that jumps changes no hit, no order of runs and no duration below zero',
  full: 64,
  sample: 2,
  async run(count) {
    const { ask, folder, remove } = questions({ 'p.yaml': pipeline }, JUMP);
    const faults: string[] = [];
    const order: string[] = [];
    try {
      for (let index = 0; index < count; index += 1) {
        const [atStart, within] = JUMPS[index % JUMPS.length] ?? [0, 0];
        const what = `a clock off by ${atStart} days, then by ${within}`;
        const jumps = { JUMPS: `${atStart * DAY},${within * DAY}` };
        const run = async (env: Readonly<Record<string, string>>): Promise<Json> => {
          const { json } = await ask(['run', 'p.yaml', '--set', `n=${index}`, '--json'], env);
          order.unshift(String(json['run']));
          return json;
        };
        const [first, second, third] = [await run(jumps), await run({}), await run(jumps)];
        if (String(first['executed']) !== 'a,b') faults.push(`${what}: executed ${String(first['executed'])}`);
        for (const again of [second, third])
          if (String(again['reused']) !== 'a,b') faults.push(`${what}: a hit was lost, ${JSON.stringify(again)}`);
        const { json } = await ask(['runs', '--json']);
        const rows = json['runs'] as readonly { readonly run: string; readonly seconds: number }[];
        const listed = rows.map((row) => row.run);
        if (listed.slice(0, order.length).join() !== order.slice(0, listed.length).join())
          faults.push(`${what}: runs are listed out of their order`);
        for (const { run: id, seconds } of rows.slice(0, 3)) {
          if (!(seconds >= 0 && seconds < 600)) faults.push(`${what}: ${id} took ${seconds} s`);
          const record = JSON.parse(readFileSync(join(folder, 'artifacts/runs', `${id}.json`), 'utf8')) as Json;
          if (String(record['ended']) < String(record['started'])) faults.push(`${what}: ${id} ended before it started`);
        }
        const kept = await ask(['gc', '--keep-days', '30', '--dry-run', '--json'], { JUMPS: '0,0' });
        const removed = kept.json['runs'] as readonly string[] | undefined;
        const wrong = removed?.filter((id) => order.slice(0, 3).includes(id)) ?? [];
        if (kept.code !== 0 || wrong.length > 0)
          faults.push(`${what}: gc would remove what ran just now: ${wrong.join()} ${kept.text.slice(0, 200)}`);
      }
    } finally {
      remove();
    }
    return { attacks: count, faults };
  },
};

export default trial;
