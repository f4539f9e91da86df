import { spawnSync } from 'node:child_process';
import { writeFileSync, appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { appendLines, LinesFile, wholeLines } from '../../src/files/lines.ts';
import { sealedLine } from '../../src/files/sealed.ts';
import { checkout, emptyFolder } from '../rig.ts';

test('lines are read back as they were written, and begun anew as a whole', async () => {
  const path = join(emptyFolder(), 'new/folder/journal.jsonl');
  const file = new LinesFile(path);
  expect(file.read()).toEqual([]);
  file.begin({ type: 'first' });
  file.append({ text: 'two\nlines' });
  await file.appendDurably({ text: 'durable' });
  expect(new LinesFile(path).read()).toEqual([{ type: 'first' }, { text: 'two\nlines' }, { text: 'durable' }]);
  file.begin({ type: 'again' });
  expect(file.read()).toEqual([{ type: 'again' }]);
});

test.each(['\0\0\0\n', '{"n":3', '{"n":3}\n', `${sealedLine('{"n":3}').replace('3', '4')}\n${sealedLine('{"n":5}')}\n`])(
  'what a crash or a bad disk left (%j) ends what counts, and is written over',
  (left) => {
    const path = join(emptyFolder(), 'journal.jsonl');
    const file = new LinesFile(path);
    file.begin({ n: 1 });
    file.append({ n: 2 });
    appendFileSync(path, left);
    expect(file.read()).toEqual([{ n: 1 }, { n: 2 }]);
    file.append({ n: 6 });
    expect(file.read()).toEqual([{ n: 1 }, { n: 2 }, { n: 6 }]);
  },
);

test('a stream of lines is whole once it is closed, and goes on with what is there', async () => {
  const path = join(emptyFolder(), 'new/events.jsonl');
  for (const line of ['{"n":1}', '{"n":2}']) {
    const stream = appendLines(path, () => undefined);
    stream.write(line);
    await stream.close();
  }
  const text = readFileSync(path, 'utf8');
  expect(wholeLines(text)).toEqual({ lines: ['{"n":1}', '{"n":2}'], damaged: 0 });
  expect(wholeLines(text.replace('1', '7'))).toEqual({ lines: ['{"n":2}'], damaged: 1 });
  expect(wholeLines(text.slice(0, -1))).toEqual({ lines: ['{"n":1}'], damaged: 0 });
  expect(wholeLines('{"n":1}\n{"n":2}\n').lines).toEqual(['{"n":1}', '{"n":2}']);
});

test('what a crash left of a line is no part of the next one', async () => {
  const path = join(emptyFolder(), 'events.jsonl');
  writeFileSync(path, '{"n":1}\n{"n":');
  const stream = appendLines(path, () => undefined);
  stream.write('{"n":2}');
  await stream.close();
  const [first = '', second = ''] = readFileSync(path, 'utf8').split('\n');
  expect([JSON.parse(first), JSON.parse(second)]).toMatchObject([{ n: 1 }, { n: 2 }]);
});

test('a line that the system takes in part only is cut off, and its loss is told', () => {
  const path = join(emptyFolder(), 'events.jsonl');
  const script = `
    const { appendLines } = await import(${JSON.stringify(pathToFileURL(join(checkout, 'dist/files/lines.js')).href)});
    const stream = appendLines(process.argv[1], (error) => console.log(error.code));
    for (let n = 1; n <= 9; n += 1) stream.write(JSON.stringify({ n, text: 'x'.repeat(300) }));
    await stream.close();`;
  const limited = ['-c', 'ulimit -f 2; exec "$@"', 'bash', process.execPath, '--input-type=module', '-e', script, path];
  expect(spawnSync('bash', limited, { encoding: 'utf8' }).stdout).toBe('EFBIG\n');
  const text = readFileSync(path, 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  expect(wholeLines(text)).toMatchObject({ lines: { length: 5 }, damaged: 0 });
});
