import { expect, test } from 'vitest';
import { bundlingHint, thrownReason, thrownText } from '../../src/executors/job/thrown.ts';

class Unnamed extends Error {
  override name = 'Unnamed';
}

const circular: { self?: unknown } = {};
circular.self = circular;
const looped = new Error('looped');
looped.cause = looped;
const guarded = Object.defineProperty(new Error('guarded'), 'cause', {
  get() {
    throw new Error('no one may look');
  },
});

test.each([
  ['an error', new Error('plain'), 'plain'],
  ['an error without words', new Unnamed(), 'Unnamed'],
  ['its causes', new Error('outer', { cause: new Error('inner', { cause: 'the real reason' }) }), 'outer: inner: the real reason'],
  ['the errors that one gathers', new AggregateError([new Error('one'), new Error('two')], 'all failed'), 'all failed: one; two'],
  ['a text', 'plain text', 'plain text'],
  ['null', null, 'null was thrown'],
  ['nothing', undefined, 'undefined was thrown'],
  ['an object', { code: 42, message: 'x' }, "{ code: 42, message: 'x' } was thrown"],
  ['an object in a circle', circular, '<ref *1> { self: [Circular *1] } was thrown'],
  ['an error that is its own cause', looped, 'looped'],
  ['an error that throws when it is looked at', guarded, 'guarded'],
])('what was thrown is told: %s', (_, thrown, reason) => {
  expect(thrownReason(thrown)).toBe(reason);
  expect(thrownText(thrown)).not.toBe('');
});

test('an endless message is cut, and says how long it was', () => {
  const reason = thrownReason(new Error('x'.repeat(3e6)));
  expect(reason.length).toBeLessThan(2100);
  expect(reason).toMatch(/x…x+ \(3000000 letters\)$/);
});

test.each([
  ['__dirname', new ReferenceError('__dirname is not defined'), true],
  ['a module by a name that is made', new Error('Module not found in bundle: ./plugins/a'), true],
  ['a file beside the code', Object.assign(new Error('ENOENT'), { code: 'ENOENT', path: '/at/code/words.txt' }), true],
  ['a file elsewhere', Object.assign(new Error('ENOENT'), { code: 'ENOENT', path: '/at/out/words.txt' }), false],
  ['anything else', new Error('no'), false],
])('a package that looks for something beside its own code is told of the bundle: %s', (_, thrown, isTold) => {
  expect(bundlingHint(thrown, '/at/code') !== undefined).toBe(isTold);
});
