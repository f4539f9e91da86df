import { fingerprintOf, workDigestOf } from '../model/fingerprint.ts';
import type { Attempt } from '../model/result.ts';
import type { WantedResult } from '../model/store.ts';
import { nameOf, type Who } from '../model/waiting.ts';
import type { AttemptEnd } from './attempt.ts';

/** Whether an attempt measured while other work ran. */
export function isDisturbed({ facts }: Pick<Attempt, 'facts'>): boolean {
  return facts['disturbed'] !== undefined;
}

/** By whom an attempt was disturbed, in words, as far as it is known; undefined: it was not. */
export function disturbers({ facts: { disturbed: by } }: Pick<Attempt, 'facts'>): readonly string[] | undefined {
  return Array.isArray(by) ? by.map(String) : undefined;
}

/** The end of an attempt that was to be alone and was not, with those who were seen beside it. */
export function withOthers(end: AttemptEnd, others: readonly Who[]): AttemptEnd {
  if (end === 'stopped' || 'unfed' in end || !end.ok) return end;
  return { ok: true, value: { ...end.value, facts: { ...end.value.facts, disturbed: [...new Set(others.map(nameOf))] } } };
}

/**
 * What a disturbed measurement is kept as: the result of this run alone. No later run finds it under what it asks for, and what was made
 * from it is not reused with it either.
 */
export function disturbed(wanted: WantedResult, run: string): WantedResult {
  const ingredients = { ...wanted.ingredients, disturbed: run };
  const { inputs: _inputs, ...own } = ingredients;
  return { ...wanted, ingredients, fingerprint: fingerprintOf(ingredients), workDigest: workDigestOf(own) };
}
