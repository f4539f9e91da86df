import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { manyRuns } from '../../commands/many-runs.ts';
import { always, emptyNode, type Row, type Site, stillroom } from './row.ts';

/** A project with a pipeline. */
function project({ folder }: Site, stages: string): string {
  const made = join(folder, 'project');
  mkdirSync(join(made, 'artifacts'), { recursive: true });
  writeFileSync(join(made, 'p.yaml'), `name: p\nstages:\n${stages}`);
  return made;
}

const values = (count: number): string => `[${Array.from({ length: count }, (_, index) => index).join(', ')}]`;

const instances: Row = {
  name: 'the plan of 22 500 instances',
  wanted: '≤ 1 s',
  prepare(site) {
    const matrix = `    matrix: { a: ${values(75)}, b: ${values(100)} }\n`;
    const stages = ['', '    in: { x: one.o }\n', '    in: { x: two.o }\n'].map(
      (reads, index) =>
        `  ${['one', 'two', 'three'][index]}:\n${matrix}${reads}    run: 'echo $a $b > "$o"'\n    with: { a: $a, b: $b }\n    out: { o: o.txt }\n`,
    );
    return [always('stillroom', stillroom(site, project(site, stages.join('')), 'plan', 'p.yaml', '--json'))];
  },
};

const chain: Row = {
  name: 'the plan of a chain of 3 000',
  wanted: '≤ 0.4 s',
  prepare(site) {
    const stages = Array.from(
      { length: 3000 },
      (_, index) => `  n${index}: { run: 'echo ${index} > "$o"'${index === 0 ? '' : `, in: { x: n${index - 1}.o }`}, out: { o: o.txt } }\n`,
    );
    return [always('stillroom', stillroom(site, project(site, stages.join('')), 'plan', 'p.yaml', '--json'))];
  },
};

function recorded(name: string, ...options: readonly string[]): Row {
  return {
    name: `10 000 recorded runs: ${name}`,
    wanted: '≤ 0.15 s',
    async prepare(site) {
      const made = project(
        site,
        '  train: { run: "echo {} > $o; echo \'{\\"accuracy\\": 0.5}\' > m.json", out: { o: o.json }, metrics: m.json, with: { rate: 1 } }\n',
      );
      await site.timer.run([stillroom(site, made, 'run', 'p.yaml', '--json')]);
      const folder = manyRuns(made, 10_000);
      const runs = stillroom(site, folder, 'runs', ...options);
      await site.timer.run([runs]);
      return [always('stillroom', runs), emptyNode(site)];
    },
  };
}

/** What large plans and many records take. */
export const rows: readonly Row[] = [
  instances,
  chain,
  recorded('listed'),
  recorded('filtered', '--where', 'train.rate<3 and accuracy<1'),
  recorded('sorted', '--sort', '-train.rate'),
];
