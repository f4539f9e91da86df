import { join } from 'node:path';
import { isPart } from '../../../files/durable.ts';
import { RECORD_FORMAT, type RunRecord } from '../../../model/run.ts';
import type { Parts } from '../gc.ts';
import type { Inspection, Story } from './inspection.ts';

/** What records name, for saying whose something is. */
export interface Known {
  readonly records: readonly RunRecord[];
  /** The nodes of fingerprints, and of bundles. */
  readonly nodes: ReadonlyMap<string, string>;
  /** The names of sources, by digest. */
  readonly sources: ReadonlyMap<string, string>;
}

const short = (digest: string): string => digest.slice(0, 12);

/** `NAME of WHOSE`, where it is known whose. */
const of = (what: string, whose: string | undefined): string => (whose === undefined ? what : `${what} of ${whose}`);

/** The record of a run, and what its loss costs. */
export function runStory(id: string): Story {
  const cost = 'its hash and metrics are lost; what it made is in the store until the next gc';
  return { kind: 'run', id, name: `record of the run ${id}`, cost };
}

/** The nodes of runs that came out alike, and what their loss costs. */
function nodesStory(digest: string): Story {
  return { kind: 'run', id: digest, name: `nodes of runs ${short(digest)}`, cost: 'the records of these runs are lost with them' };
}

/** A result, and what its loss costs. */
function resultStory(fingerprint: string, { nodes }: Known): Story {
  const cost = 'the next run makes it again';
  return { kind: 'result', id: fingerprint, name: of(`result ${short(fingerprint)}`, nodes.get(fingerprint)), cost };
}

/** A part of a stage's code, and what its loss costs. */
export function codeStory(digest: string, { nodes }: Known, part = 'code'): Story {
  const cost = 'the next run bundles it again; reproduce and pack of older runs need it';
  const whose = nodes.get(digest);
  return { kind: 'code', id: digest, name: of(part, whose) + (whose === undefined ? ` ${short(digest)}` : ` (${short(digest)})`), cost };
}

/** A kept source, and what its loss costs. */
export function sourceStory(digest: string, { sources }: Known): Story {
  const cost = 'the next run that reads it keeps it again; reproduce and pack of older runs need it';
  const name = sources.get(digest);
  return { kind: 'source', id: digest, name: `source ${name === undefined ? short(digest) : `"${name}" (${short(digest)})`}`, cost };
}

/** Looks at the records of runs; what they name tells whose all else is. */
export function inspectRuns({ runs }: Parts, inspection: Inspection): Known {
  const records: RunRecord[] = [];
  const nodes = new Map<string, string>();
  const sources = new Map<string, string>();
  for (const file of inspection.names('runs')) {
    if (!file.endsWith('.json')) continue;
    const id = file.slice(0, -'.json'.length);
    const record = inspection.look(() => runs.read(id));
    if (record === undefined) {
      inspection.quarantine(join('runs', file), runStory(id));
    } else if (record.format <= RECORD_FORMAT) records.push(record);
  }
  for (const digest of runs.nodesApart()) {
    if (inspection.look(() => runs.hasNodes(digest)) !== true)
      inspection.quarantine(join('runs', 'nodes', `${digest}.json`), nodesStory(digest));
  }
  for (const { nodes: all, sources: read } of records) {
    for (const [name, { fingerprint, code }] of Object.entries(all)) {
      for (const digest of [fingerprint, code]) if (digest !== undefined) nodes.set(digest, name);
    }
    for (const [name, { digest }] of Object.entries(read)) sources.set(digest, name);
  }
  return { records, nodes, sources };
}

/** Looks at the results, at the notes of code and kept sources, and at tags and pins. */
export function inspectRecords({ results, bundles, sources, tags }: Parts, known: Known, inspection: Inspection): void {
  const each = (folder: string, isWhole: (name: string) => boolean, story: (name: string) => Story): void => {
    for (const file of inspection.names(folder)) {
      if (!file.endsWith('.json')) continue;
      const name = file.slice(0, -'.json'.length);
      if (inspection.look(() => isWhole(name)) !== true) inspection.quarantine(join(folder, file), story(name));
    }
  };
  each(
    'results',
    (fingerprint) => results.isIntact(fingerprint),
    (fingerprint) => resultStory(fingerprint, known),
  );
  for (const fingerprint of inspection.attempt(() => results.fingerprints()) ?? [])
    if (!inspection.has(join('results', `${fingerprint}.json`)) && inspection.look(() => results.standing(fingerprint)) === 'damaged')
      inspection.find(resultStory(fingerprint, known), 'damaged');
  each(
    'bundles',
    (digest) => bundles.read(digest) !== undefined,
    (digest) => codeStory(digest, known),
  );
  each(
    'sources',
    (digest) => sources.record(digest) !== undefined,
    (digest) => sourceStory(digest, known),
  );
  for (const raw of inspection.names('bundles/raw').filter((name) => !isPart(name))) {
    if (inspection.look(() => bundles.pointer(raw)) !== undefined) continue;
    const story: Story = { kind: 'code', id: raw, name: `what leads to code (${short(raw)})`, cost: 'nothing: it is written again' };
    inspection.quarantine(join('bundles', 'raw', raw), story);
  }
  for (const kind of ['tag', 'pin'] as const) {
    for (const name of inspection.names(`${kind}s`).filter((one) => !isPart(one))) {
      const run = inspection.look(() => (kind === 'tag' ? tags.read(name) : tags.pinned(name)));
      const id = kind === 'pin' ? name.replace(/\.json$/, '') : name;
      const cost = kind === 'tag' ? 'name it again' : 'pin the run again';
      const story: Story = { kind, id, name: kind === 'tag' ? `tag ${id}` : `pin of the run ${id}`, cost };
      if (run === undefined) inspection.quarantine(join(`${kind}s`, name), story);
      else if (!inspection.has(join('runs', `${run}.json`)) && !inspection.has(join('sweeps', `${run}.jsonl`)))
        inspection.find(
          { ...story, cost: `the record of its run ${run} is gone: ${kind === 'tag' ? 'name another' : 'unpin it'}` },
          'missing',
        );
    }
  }
}

/** Looks for the results, code and kept sources that records of runs name. */
export function findMissing({ bundles, results, sources }: Parts, known: Known, inspection: Inspection): void {
  const kept = new Set(inspection.attempt(() => results.fingerprints()));
  for (const { id, nodes, sources: read } of known.records) {
    // A run that was unpacked here came without its results.
    const wasHere = inspection.has(join('logs', id));
    for (const { state, fingerprint, code, recipe } of Object.values(nodes)) {
      const isResult = wasHere && (state === 'executed' || state === 'reused') && fingerprint !== undefined;
      if (isResult && !kept.has(fingerprint)) inspection.find(resultStory(fingerprint, known), 'missing');
      const isStage = recipe?.work.kind === 'stage' && code !== undefined;
      if (isStage && inspection.attempt(() => bundles.read(code)) === undefined) inspection.find(codeStory(code, known), 'missing');
    }
    for (const { digest, kept } of Object.values(read)) {
      if (kept && inspection.attempt(() => sources.record(digest)) === undefined) inspection.find(sourceStory(digest, known), 'missing');
    }
  }
}
