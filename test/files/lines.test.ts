import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { appendLines, LinesFile } from '../../src/files/lines.ts';
import { emptyFolder } from '../rig.ts';

test('lines are read back as they were written, and begun anew as a whole', () => {
  const path = join(emptyFolder(), 'new/folder/journal.jsonl');
  const file = new LinesFile(path);
  expect(file.read()).toEqual([]);
  file.begin({ type: 'first' });
  file.append({ text: 'two\nlines' }, false);
  file.append({ text: 'durable' }, true);
  expect(new LinesFile(path).read()).toEqual([{ type: 'first' }, { text: 'two\nlines' }, { text: 'durable' }]);
  file.begin({ type: 'again' });
  expect(file.read()).toEqual([{ type: 'again' }]);
});

test('what a crash left is as if it had not been written', () => {
  const path = join(emptyFolder(), 'journal.jsonl');
  const file = new LinesFile(path);
  file.begin({ n: 1 });
  appendFileSync(path, '\0\0\0\n{"n":2}\n{"n":3');
  expect(file.read()).toEqual([{ n: 1 }, { n: 2 }]);
  file.append({ n: 4 }, false);
  expect(file.read()).toEqual([{ n: 1 }, { n: 2 }, { n: 4 }]);
});

test('a stream of lines is whole once it is closed, and goes on with what is there', async () => {
  const path = join(emptyFolder(), 'new/events.jsonl');
  for (const line of ['one', 'two']) {
    const stream = appendLines(path);
    stream.write(line);
    await stream.close();
  }
  expect(existsSync(path) && readFileSync(path, 'utf8')).toBe('one\ntwo\n');
});
