import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { canHide } from '../../src/executors/job/supervisor.ts';
import { called, emptyFolder, write } from '../rig.ts';

let folder: string;

function pipeline(nodes: string, confine = 'project'): void {
  write(folder, {
    'pipeline.yaml': `name: p\nconfine: ${confine}\nsources: { loose: { path: loose.txt, keep: false } }\nstages:\n${nodes}`,
  });
}

async function run(...options: readonly string[]): Promise<{ readonly code: number; readonly stderr: string }> {
  return called(folder, ['run', 'pipeline.yaml', '--plain', ...options]);
}

function output(node: string): string {
  return readFileSync(join(folder, `artifacts/latest/p/${node}/o.txt`), 'utf8');
}

const possible = canHide();

beforeEach(() => {
  folder = emptyFolder();
  write(folder, {
    'package.json': '{}',
    'stillroom.yaml': 'executors: { apart: { kind: detached } }\n',
    'data/x.csv': 'secret of the project\n',
    'loose.txt': 'loose\n',
    'bin/tool': '#!/bin/sh\necho tool\n',
    'lib/part.py': 'P = 1\n',
    'main.py': 'import os\nimport sys\nsys.path.insert(0, "lib")\nimport part\nopen(os.environ["o"], "w").write(str(part.P))\n',
  });
  spawnSync('chmod', ['+x', join(folder, 'bin/tool')]);
});

describe.skipIf(!possible)('a confined command', () => {
  test('sees of the project what it declares, its own folders and nothing else', async () => {
    pipeline(`  given: { in: { data: ./data/x.csv }, run: 'cat "$data" > "$o"', out: { o: o.txt } }
  loose: { in: { data: $sources.loose }, run: 'cat "$data" > "$o"', out: { o: o.txt } }
  tool: { run: '${folder}/bin/tool > "$o"', tools: [bin/tool], out: { o: o.txt } }
  code: { python: main.py, code: [lib], out: { o: o.txt } }
  listed: { run: 'ls ${folder} > "$o"; echo kept > "$TMPDIR/t"; cat "$TMPDIR/t" >> "$o"', out: { o: o.txt } }
  told: { run: 'stillroom-event metric loss 0.5; echo > "$o"', out: { o: o.txt } }
`);
    const { code, stderr } = await run();
    expect(code === 0 ? 0 : stderr).toBe(0);
    expect(['given', 'loose', 'tool', 'code', 'listed'].map(output)).toEqual([
      'secret of the project\n',
      'loose\n',
      'tool\n',
      '1',
      'artifacts\nkept\n',
    ]);
    expect(stderr).toContain('loss 0.5');
  });

  test.each<[string, string]>([
    ['by its whole path', 'cat FOLDER/data/x.csv'],
    ['by the way up from its folder', 'cat ../../../../data/x.csv'],
    ['in a child with an empty environment and a session of its own', 'env -i setsid -w /bin/cat FOLDER/data/x.csv'],
    ['by the root of its process', 'cat /proc/self/root/FOLDER/data/x.csv'],
    ['by a link from elsewhere', 'cat LINK'],
  ])('that reads an undeclared file %s fails', async (_, command) => {
    const link = join(emptyFolder(), 'link');
    symlinkSync(join(folder, 'data/x.csv'), link);
    pipeline(`  one: { run: '${command.replace('FOLDER', folder).replace('LINK', link)} > "$o"', out: { o: o.txt } }\n`);
    const { code, stderr } = await run();
    expect(code).toBe(1);
    expect(stderr).not.toContain('secret of the project');
  });

  test('that reads an undeclared file is told which, and what to write', async () => {
    pipeline(`  one: { run: 'python3 -c "open(\\"${folder}/data/x.csv\\")"', out: { o: o.txt } }\n`);
    const { stderr } = await run();
    expect(stderr).toContain('it read "data/x.csv", which it does not declare');
    expect(stderr).toContain('in: { x: ./data/x.csv }');
  });

  test('cannot write into the project', async () => {
    pipeline(`  one: { run: 'touch ${folder}/data/new ${folder}/new || true; echo > "$o"', out: { o: o.txt } }\n`);
    expect((await run()).code).toBe(0);
    expect(existsSync(join(folder, 'new')) || existsSync(join(folder, 'data/new'))).toBe(false);
  });

  test('is confined by an executor whose work outlives the run, too', async () => {
    pipeline(`  one: { executor: apart, run: 'cat ${folder}/data/x.csv > "$o"', out: { o: o.txt } }\n`);
    const { code, stderr } = await run();
    expect(code).toBe(1);
    expect(stderr).toContain('it read "data/x.csv"');
  });
});

test('without being confined, a command reads what it does not declare, and its result is stale when that changes', async () => {
  pipeline(`  one: { run: 'cat ${folder}/data/x.csv > "$o"', out: { o: o.txt }, tools: [cat] }\n`, 'none');
  expect((await run()).code).toBe(0);
  write(folder, { 'data/x.csv': 'other\n' });
  await run();
  expect(output('one')).toBe('secret of the project\n');
  const strict = await called(folder, ['plan', 'pipeline.yaml', '--strict']);
  expect(strict.code).not.toBe(0);
  expect(strict.stderr).toContain('what the command one reads of the project is not known');
});

test('to confine a command reruns nothing, and a strict plan is content', async () => {
  const nodes = `  one: { run: 'echo 1 > "$o"', out: { o: o.txt }, tools: [bash] }\n`;
  pipeline(nodes, 'none');
  await run();
  pipeline(nodes);
  const { code, json } = await called(folder, ['plan', 'pipeline.yaml', '--strict', '--json']);
  expect(code).toBe(0);
  expect(json.nodes).toMatchObject([{ node: 'one', action: 'reuse' }]);
});
