import type { Waiting, Who } from '../../model/waiting.ts';
import { nameOf, namesOf, forHowLong } from '../../model/waiting.ts';

/** Someone who uses the machine or wants to, as its note says. */
export interface Turn {
  /** Rises with each one who comes. */
  readonly ticket: number;
  readonly who: Who;
  /** Wants that nothing else works meanwhile: it measures. */
  readonly alone: boolean;
  /** Devices that it wants, and those that would do. */
  readonly gpu: number;
  readonly candidates: readonly string[];
  readonly state: 'waiting' | 'inside';
  /** Of one that measures and waits: it has waited so long that no one who came later passes any more. */
  readonly closed: boolean;
  /** Devices that it has. */
  readonly devices: readonly string[];
}

/** Whether a turn may begin: with these devices, or not yet, and because of whom. */
export type Decision = { readonly devices: readonly string[] } | { readonly waits: Waiting; readonly blockers: readonly Turn[] };

/**
 * Whether it is a turn's time. One that measures begins when no one is inside and no one came before it. Others begin at once, also past
 * one that waits to measure, as long as that could not begin anyway: while someone is inside who came before it, and it has not waited too
 * long. Then its door is closed: who came after it waits until it has measured. Nobody waits for ever: whoever came first always gets on.
 */
export function decide(own: Turn, all: readonly Turn[]): Decision {
  const others = all.filter(({ ticket }) => ticket !== own.ticket);
  return (own.alone ? waitToBeAlone(own, others) : waitForMeasurements(own, others)) ?? takeDevices(own, others);
}

function isInside({ state }: Turn): boolean {
  return state === 'inside';
}

function waits(blockers: readonly Turn[], reason: Waiting['reason'], message: string): Decision {
  return { waits: { reason, message, for: blockers.map(({ who }) => who) }, blockers };
}

function waitToBeAlone(own: Turn, others: readonly Turn[]): Decision | undefined {
  const inside = others.filter(isInside);
  const before = others.filter(({ ticket }) => ticket < own.ticket);
  const [first] = inside;
  if (first !== undefined) {
    const runs = inside.length === 1 ? `has been running ${forHowLong(first.who)}` : 'are running';
    const closed = own.closed ? '; it has waited long, so nothing new begins before it' : '';
    const message = `waits to have the machine to itself: ${namesOf(inside.map(({ who }) => who))} ${runs}${closed}`;
    return waits(inside, 'alone', message);
  }
  if (before.length === 0) return undefined;
  return waits(before, 'alone', `waits for its turn to measure, after ${namesOf(before.map(({ who }) => who))}`);
}

function waitForMeasurements(own: Turn, others: readonly Turn[]): Decision | undefined {
  const measuring = others.find((other) => other.alone && isInside(other));
  if (measuring !== undefined)
    return waits([measuring], 'measurement', `waits: ${nameOf(measuring.who)} has been measuring ${forHowLong(measuring.who)}`);
  const closed = others.find((other) => other.alone && other.ticket < own.ticket && isClosed(other, others));
  if (closed === undefined) return undefined;
  const message = `waits: ${nameOf(closed.who)} is the next to measure and has waited ${forHowLong(closed.who)}`;
  return waits([closed], 'measurement', message);
}

/** Whether no one passes any more who came after one that waits to measure. */
function isClosed(measurer: Turn, others: readonly Turn[]): boolean {
  return measurer.closed || !others.some((other) => isInside(other) && other.ticket < measurer.ticket);
}

/** Devices go to whoever came first, so one that wants many is not overtaken for ever. */
function takeDevices(own: Turn, others: readonly Turn[]): Decision {
  const { candidates } = own;
  const wanted = Math.min(own.gpu, candidates.length);
  if (wanted === 0) return { devices: [] };
  const holders = others.filter(({ devices }) => devices.some((name) => candidates.includes(name)));
  const taken = new Set(holders.flatMap(({ devices }) => devices));
  const free = candidates.filter((name) => !taken.has(name));
  const before = others.filter(
    (other) => !isInside(other) && other.gpu > 0 && other.ticket < own.ticket && other.candidates.some((name) => candidates.includes(name)),
  );
  if (before.length === 0 && free.length >= wanted) return { devices: free.slice(0, wanted) };
  const told = holders.length > 0 ? holders : before;
  const has = told.length === 1 ? 'has' : 'have';
  const which = wanted === 1 ? 'a device' : `${wanted} devices`;
  return waits(
    told,
    'devices',
    `waits for ${which}: ${namesOf(told.map(({ who }) => who))} ${has} ${[...taken].join(', ') || 'asked first'}`,
  );
}
