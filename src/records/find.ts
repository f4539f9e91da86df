import { suggestion } from '../text/suggestion.ts';
import { done, failed, type Outcome, type Problem } from '../model/problem.ts';
import { RECORD_FORMAT, type RunRecord } from '../model/run.ts';
import { metricNamed, namesOfMetrics } from '../model/run-row.ts';
import { ambiguousMetric } from './ambiguous.ts';
import type { Runs, Tags } from '../model/store.ts';
import type { Sweeps } from '../model/workplace.ts';

/** Where runs are looked for. */
export interface RecordStore {
  readonly runs: Runs;
  readonly tags: Tags;
  readonly sweeps?: Pick<Sweeps, 'ids'>;
}

/** The shortest beginning of a hash that is looked for. */
const SHORTEST_HASH = 4;

/** How many candidates an ambiguous word lists. */
const LISTED = 8;

/**
 * Finds a run by its id, its hash, the beginning of either, a tag, `@latest` or `@best:<metric>`; of several with one hash the newest.
 * Fails where none or several fit, naming the candidates, and where a newer Stillroom wrote the record.
 */
export function findRun(store: RecordStore, word: string): Outcome<RunRecord> {
  const found = findId(store, word);
  if (!found.ok) return found;
  const record = store.runs.read(found.value);
  if (record === undefined) return unknown(store, word);
  if (record.format > RECORD_FORMAT) {
    return failed({
      kind: 'usage',
      code: 'newer-record',
      message: `the run ${record.id} was recorded by a newer Stillroom (format ${record.format}; this one reads up to ${RECORD_FORMAT})`,
      hint: 'update Stillroom to read it',
    });
  }
  return done(record);
}

/** The names given to a run. */
export function tagsOf({ tags }: Pick<RecordStore, 'tags'>, run: string): readonly string[] {
  return tags
    .all()
    .filter((tag) => tag.run === run)
    .map(({ name }) => name);
}

function findId(store: RecordStore, word: string): Outcome<string> {
  const ids = store.runs.ids();
  if (ids.includes(word)) return done(word);
  const [newest] = ids;
  if (word === '@latest' && newest !== undefined) return done(newest);
  if (word.startsWith('@best:')) return best(store, word.slice('@best:'.length));
  const sweep = sweepOf(store, word);
  if (sweep !== undefined) return failed(notARun(word, sweep));
  const tagged = store.tags.read(word);
  if (tagged !== undefined) {
    return ids.includes(tagged)
      ? done(tagged)
      : failed({ kind: 'usage', code: 'unknown-run', message: `the tag "${word}" names the run ${tagged}, whose record is gone` });
  }
  const byId = word === '' ? [] : ids.filter((id) => id.startsWith(word));
  if (byId.length === 1) return done(byId[0] ?? '');
  if (byId.length > 1) return ambiguous(word, byId);
  const rows = word.length >= SHORTEST_HASH ? [...store.runs.rows()].filter(({ hash }) => hash?.startsWith(word)) : [];
  const hashes = new Set(rows.map(({ hash }) => hash));
  if (hashes.size > 1)
    return ambiguous(
      word,
      [...hashes].map((hash) => hash?.slice(0, 20) ?? ''),
    );
  return rows[0] === undefined ? unknown(store, word) : done(rows[0].run);
}

/** The sweep that a word names. */
function sweepOf({ sweeps, tags }: RecordStore, word: string): string | undefined {
  const ids = sweeps?.ids() ?? [];
  return word === '@latest-sweep' ? word : [word, tags.read(word)].find((id) => id !== undefined && ids.includes(id));
}

function notARun(word: string, sweep: string): Problem {
  const message = `${word === sweep ? word : `"${word}" (${sweep})`} is a sweep, and one of its runs is needed here`;
  return { kind: 'usage', code: 'unknown-run', message, hint: `they are listed by: stillroom show ${word}` };
}

function ambiguous(word: string, candidates: readonly string[]): Outcome<never> {
  const listed = candidates.slice(0, LISTED).join(', ');
  const more = candidates.length > LISTED ? ` and ${candidates.length - LISTED} more` : '';
  return failed({
    kind: 'usage',
    code: 'ambiguous-run',
    message: `"${word}" begins ${candidates.length} runs`,
    hint: `write more of it: ${listed}${more}`,
  });
}

/** That nothing has run in a store. */
export const noRuns: Problem = {
  kind: 'usage',
  code: 'no-runs',
  message: 'nothing has run here yet',
  hint: 'run a pipeline: stillroom run',
};

function unknown(store: RecordStore, word: string): Outcome<never> {
  const metric = /^@\w*:(.+)/.exec(word)?.[1] ?? 'METRIC';
  const names: string[] = ['@latest', `@best:${metric}`, ...store.tags.all().map(({ name }) => name), ...(store.sweeps?.ids() ?? [])];
  for (const { run, hash } of store.runs.rows()) {
    names.push(run, ...(hash === null ? [] : [hash.slice(0, 12)]));
    if (names.length > 2 * LISTED) break;
  }
  if (store.runs.ids().length === 0) return failed(noRuns);
  const isShortcut = word.startsWith('@');
  const known = isShortcut ? names.slice(0, 2) : names;
  return failed({
    kind: 'usage',
    code: 'unknown-run',
    message: isShortcut ? `${word} is no run` : `no run has the id, hash or tag "${word}"`,
    hint: `${suggestion(word, known)}; see all: stillroom runs`,
  });
}

function best(store: RecordStore, metric: string): Outcome<string> {
  let found: { readonly run: string; readonly value: number } | undefined;
  const known = new Set<string>();
  for (const row of store.runs.rows()) {
    if (row.state !== 'done') continue;
    for (const name of namesOfMetrics(row)) known.add(name);
    const ambiguous = ambiguousMetric(row, metric);
    if (ambiguous !== undefined) return failed(ambiguous);
    const name = metricNamed(row, metric);
    const value = name === undefined ? undefined : row.metrics[name];
    if (name === undefined || value === undefined) continue;
    const isBetter = found === undefined || (row.goals[name] === 'minimize' ? value < found.value : value > found.value);
    if (isBetter) found = { run: row.run, value };
  }
  if (store.runs.ids().length === 0) return failed(noRuns);
  return found === undefined
    ? failed({ kind: 'usage', code: 'unknown-metric', message: `no run has the metric "${metric}"`, hint: suggestion(metric, known) })
    : done(found.run);
}
