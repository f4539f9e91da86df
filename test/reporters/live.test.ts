import { expect, test } from 'vitest';
import type { Event, Happening, PlannedNode } from '../../src/model/event.ts';
import type { NodeState, RunRecord } from '../../src/model/run.ts';
import { plainText } from '../../src/text/styled.ts';
import { frameOf } from '../../src/reporters/live/frame.ts';
import { LiveReporter } from '../../src/reporters/live/live.ts';
import { Picture } from '../../src/reporters/live/picture.ts';
import { Painter } from '../../src/reporters/painter.ts';
import { Terminal } from './terminal.ts';

const at = (seconds: number, happening: Happening): Event => ({ ...happening, time: new Date(1000 * seconds).toISOString() });
const planned = (node: string): PlannedNode => ({ node, action: 'run', cause: 'it has not run before', after: [] });
const started = (node: string): Happening => ({ type: 'node-started', node, cause: 'it has not run before', inputs: {} });
const ended = (node: string, state: NodeState = 'executed'): Happening => ({
  type: 'node-ended',
  node,
  outcome: { state, stage: 's', cause: 'a node before it failed', params: {}, seconds: 2 },
  ...(state === 'failed' ? { problem: { kind: 'stage', code: 'exit-code', message: `${node} ended with exit code 3` } } : {}),
});
const opening = (nodes: readonly string[]): Happening => ({
  type: 'run-started',
  run: 'run-1',
  pipeline: 'demo',
  nodes: nodes.map(planned),
  record: { id: 'run-1', state: 'live', nodes: {} } as unknown as RunRecord,
});

/** The lines that are drawn after some events. */
function drawn(happenings: readonly Happening[], room = { columns: 79, rows: 23 }): string[] {
  const picture = new Picture();
  for (const [index, happening] of happenings.entries()) picture.report(at(index, happening));
  return frameOf(picture, room, { now: 1000 * 100, spinner: '*' }).map(plainText);
}

const folds = [0, 1, 2].map((fold) => `teacher[fold=${fold}]`);
const all = ['data', ...folds, 'student', 'card'];

test('a summary, what runs with how far it is and what it said last, and what comes next with instances folded', () => {
  const lines = drawn([
    opening(all),
    started('data'),
    ended('data'),
    started(folds[0] as string),
    { type: 'node-progress', node: folds[0] as string, done: 1, total: 3, note: 'epoch 1 of 3' },
    started('card'),
    { type: 'node-log', node: 'card', line: 'writing' },
  ]);
  expect(lines).toEqual([
    'demo  1 of 6 · 2 running',
    '  * teacher[fold=0]   33 %  97 s  epoch 1 of 3',
    '  * card             95 s  writing',
    '  then teacher × 2, student',
  ]);
});

test('what waits stands still and says for whom', () => {
  const waits: Happening = { type: 'node-waiting', node: 'card', reason: 'alone', message: 'waits until nothing else runs', for: [] };
  const lines = drawn([opening(['data', 'card']), started('data'), waits]);
  expect(lines).toEqual(['demo  0 of 2 · 1 running · 1 waiting', '  * data  99 s', '  … card waits until nothing else runs']);
});

test('what failed is counted, and stays in sight with a word on why', () => {
  const log: Happening = { type: 'node-log', node: 'a', line: 'no such column' };
  expect(drawn([opening(['a', 'b']), started('a'), log, ended('a', 'failed'), started('b')])).toEqual([
    'demo  1 of 2 · 1 running · 1 failed',
    '  * b  96 s',
    '  ✖ a  ended with exit code 3: no such column',
  ]);
});

test('where there are few rows, what runs comes first and one row tells of what failed', () => {
  const names = Array.from({ length: 40 }, (_, index) => `node-${index}`);
  const failed = names.slice(0, 9).flatMap((node) => [started(node), ended(node, 'failed')]);
  const lines = drawn([opening(names), ...failed, ...names.slice(9, 20).map(started)], { columns: 79, rows: 8 });
  expect(lines.slice(1)).toEqual([
    ...[9, 10, 11, 12].map((index) => expect.stringContaining(`* node-${index} `)),
    '    and 7 more running',
    '    and 9 more failed',
    '  then node-20, node-21, node-22, node-23, node-24, node-25 and 14 more',
  ]);
});

test('what a line shows that is written anew is shown too; an empty line says nothing', () => {
  const log = (line: string, isOpen?: true): Happening => ({ type: 'node-log', node: 'a', line, ...(isOpen ? { isOpen } : {}) });
  expect(drawn([opening(['a']), started('a'), log('begun'), log(' 12%|█▏  |', true), log('')])[1]).toBe('  * a  99 s  12%|█▏  |');
});

test('of a header that does not fit the least important goes', () => {
  const happenings = [opening(all), started('data'), ended('data', 'failed'), started('card')];
  expect(drawn(happenings, { columns: 30, rows: 9 })[0]).toBe('demo  1 of 6 · 1 failed');
  expect(drawn(happenings, { columns: 19, rows: 9 })[0]).toBe('1 of 6 · 1 failed');
  expect(drawn(happenings, { columns: 8, rows: 9 })[0]).toBe('1 of 6');
  expect(
    drawn([opening([`teacher[fold=${'0'.repeat(90)}7]`]), started(`teacher[fold=${'0'.repeat(90)}7]`)], { columns: 30, rows: 9 })[1],
  ).toBe('  * teache…00007]  99 s');
});

test('how much time is left is told from what nodes took before', () => {
  const nodes = ['a'].map((node) => ({ ...planned(node), expected: { took: [120, 121, 119], of: 'same' } }));
  const start = { ...opening([]), nodes } as unknown as Happening;
  const terminal = new Terminal();
  const live = new LiveReporter(terminal);
  const now = new Date(Date.now() - 60_000).toISOString();
  for (const happening of [start, started('a'), { type: 'notice', level: 'note', message: 'told' } as const])
    live.report({ time: now, ...happening });
  expect(terminal.screen).toMatch(/^demo {2}0 of 1 · 1 running · .*\d+ (?:s|min) left$/m);
  void live.close();
});

test('colours are for those who want them', async () => {
  const draw = async (inColour: boolean): Promise<string> => {
    const terminal = new Terminal();
    const live = new LiveReporter(terminal, inColour);
    for (const [index, happening] of [opening(['a', 'b']), started('a'), ended('a'), started('b'), ended('b', 'failed')].entries())
      live.report(at(index, happening));
    await live.close();
    return terminal.text;
  };
  expect(await draw(true)).toContain('\u001b[32m✔\u001b[39m a');
  expect(await draw(true)).toContain('\u001b[31m✖\u001b[39m');
  expect(await draw(false)).not.toMatch(/\[3\dm/);
});

test.each([
  [79, 8],
  [79, 3],
  [79, 2],
  [19, 6],
  [1, 1],
])('no more than fits %i columns and %i rows, whatever runs', (columns, rows) => {
  const names = Array.from({ length: 40 }, (_, index) => `node-${index}`);
  const running = names.slice(0, 12).map(started);
  const waiting = names
    .slice(12, 20)
    .map((node): Happening => ({ type: 'node-waiting', node, reason: 'devices', message: 'waits for a device', for: [] }));
  const lines = drawn([opening(names), ...running, ...waiting], { columns, rows });
  expect(lines.length).toBeLessThanOrEqual(rows);
  expect(lines[0]).toMatch(columns === 79 ? /^demo {2}0 of 40 · 12 running/ : /^(?:demo {2})?0 of 40/);
  if (rows === 8) expect(lines.filter((line) => line.includes('more running'))).toHaveLength(1);
});

test('lines that stay are above the drawing, which is taken away at the end', async () => {
  const terminal = new Terminal();
  const live = new LiveReporter(terminal);
  for (const [index, happening] of [opening(['a', 'b']), started('a'), ended('a'), started('b')].entries())
    live.report(at(index, happening));
  live.report(at(4, { type: 'notice', level: 'warning', node: 'b', message: 'trying again' }));
  expect(terminal.screen.split('\n').slice(0, 4)).toEqual([
    'demo: 2 nodes, 2 to run or check (run run-1)',
    '✔ a  2.0 s',
    '! b: trying again',
    'demo  1 of 2 · 1 running · time left unknown',
  ]);
  live.report(at(5, ended('b', 'failed')));
  live.report(at(6, { type: 'run-ended', run: 'run-1', state: 'failed' }));
  await live.close();
  expect(terminal.screen.split('\n').slice(1)).toEqual(['✔ a  2.0 s', '! b: trying again', '✖ b  failed: b ended with exit code 3']);
});

test('what happened before it watched is told in short, and what goes on is drawn as if it had watched from the start', async () => {
  const terminal = new Terminal();
  const live = new LiveReporter(terminal);
  const past = [
    opening(['a', 'b', 'c', 'd']),
    { type: 'nodes-reused', nodes: ['a'] } as const,
    started('b'),
    ended('b'),
    started('c'),
    ended('c', 'failed'),
    { type: 'notice', level: 'warning', message: 'a disk is nearly full' } as const,
    started('d'),
  ];
  live.catchUp(past.map((happening) => ({ ...happening, time: new Date(Date.now() - 60_000).toISOString() })));
  const lines = terminal.screen.split('\n');
  expect(lines.slice(0, 4)).toEqual([
    'demo: 4 nodes, 4 to run or check (run run-1)',
    expect.stringMatching(/^ {2}it has run for .*: 1 executed, 1 reused, 1 failed$/),
    '✖ c  failed: c ended with exit code 3',
    '! a disk is nearly full',
  ]);
  expect(lines[4]).toMatch(/^demo {2}3 of 4 · 1 running · 1 failed/);
  expect(lines[5]).toMatch(/^ {2}\S d {2}\d+ /);
  live.report({ ...ended('d'), time: new Date().toISOString() });
  await live.close();
  expect(terminal.screen.split('\n').slice(4)).toEqual(['✔ d  2.0 s']);
});

test('of many nodes those that did not come out are named, the others counted', async () => {
  const names = Array.from({ length: 100 }, (_, index) => `n${index}`);
  const terminal = new Terminal();
  const live = new LiveReporter(terminal);
  live.report(at(0, opening(names)));
  for (const name of names) live.report(at(1, ended(name, name === 'n90' ? 'failed' : 'executed')));
  live.report(at(2, { type: 'run-ended', run: 'run-1', state: 'failed' }));
  await live.close();
  const lines = terminal.screen.split('\n');
  expect(lines.filter((line) => line.startsWith('✔ n'))).toHaveLength(60);
  expect(lines).toContain('✖ n90  failed: n90 ended with exit code 3');
  expect(lines.at(-1)).toBe('✔ 39 nodes executed');
});

test('a drawing is taken away whole after the terminal has become narrower', () => {
  const terminal = new Terminal(40, 24);
  const painter = new Painter(terminal);
  painter.draw(['x'.repeat(39), 'y'.repeat(30)], ['stays']);
  terminal.resize(10, 24);
  painter.draw(['short']);
  expect(terminal.screen).toBe('stays\nshort');
});

test('a terminal that does not say how large it is counts as one of 80 columns and 24 rows', () => {
  expect(new Painter({ write: () => true, columns: 0, rows: 0 }).room).toEqual({ columns: 79, rows: 23 });
});

test('what nodes say moves no cursor', async () => {
  const terminal = new Terminal();
  const live = new LiveReporter(terminal);
  live.report(at(0, opening(['a'])));
  live.report(at(1, started('a')));
  live.report(at(2, { type: 'node-progress', node: 'a', done: 0, total: 1, note: 'x\u001b[2Jy\nz' }));
  live.report(at(3, { type: 'notice', level: 'note', message: 'told' }));
  await live.close();
  expect(terminal.text).toContain('x\\x1b[2Jy z');
});
