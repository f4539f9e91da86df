import { expect, test } from 'vitest';
import { broadcast, type Event, type Happening, steadyClock } from '../../src/model/event.ts';

test('what happens is stamped once with its time and told to all who watch, in their order', () => {
  const told: (readonly [string, Event])[] = [];
  const watcher = (name: string) => ({ report: (event: Event) => void told.push([name, event]) });
  let second = 0;
  const emit = broadcast<Happening>([watcher('ledger'), watcher('reporter')], () => new Date(1000 * second++));
  emit({ type: 'notice', level: 'note', message: 'one' });
  emit({ type: 'notice', level: 'note', message: 'two' });
  expect(told.map(([name, { time }]) => [name, time])).toEqual([
    ['ledger', '1970-01-01T00:00:00.000Z'],
    ['reporter', '1970-01-01T00:00:00.000Z'],
    ['ledger', '1970-01-01T00:00:01.000Z'],
    ['reporter', '1970-01-01T00:00:01.000Z'],
  ]);
  expect(told[0]?.[1]).toBe(told[1]?.[1]);
});

test('a clock that is set while it is watched goes on evenly', () => {
  const [times, elapsed] = [
    [1000, -5000, 9000],
    [10, 20, 35],
  ];
  const clock = steadyClock(
    () => times.shift() ?? 0,
    () => elapsed.shift() ?? 0,
  );
  expect([clock(), clock()].map((date) => date.getTime())).toEqual([1010, 1025]);
});
