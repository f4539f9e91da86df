import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { writeWhole } from '../../src/files/durable.ts';
import { LinesFile } from '../../src/files/lines.ts';
import { sealFolder } from '../../src/files/sealed-folder.ts';
import { summedLine, writeSealedNote } from '../../src/files/sealed.ts';
import { sha256 } from '../../src/model/canonical.ts';
import type { RunNode, RunRecord } from '../../src/model/run.ts';
import { RECORD_FORMAT } from '../../src/model/run.ts';
import type { Store } from '../../src/model/store.ts';
import { emptyFolder, write } from '../folders.ts';
import { looseBlob } from '../stored.ts';
import { collect, keptResult, open, recordOf, value, workFingerprint } from './stores.ts';

/** A store that holds one file of each kind, and what they are called. */
export interface OneOfEach {
  readonly store: Store;
  readonly code: string;
  readonly raw: string;
  readonly source: string;
  /** Kind and name, as `verify` tells them, by the file in the store. */
  readonly files: Readonly<Record<string, string>>;
  /** The same of what lies in segments, by its key. */
  readonly entries: Readonly<Record<string, string>>;
  /** What lies in segments and is no content. */
  readonly results: readonly string[];
}

/** Content that is too large for a segment. */
const LARGE = 'large '.repeat(20_000);

const RUN = '20260101T000000-000001';
const WORK = sha256('work');

/** A run of one stage that read one source, tagged and pinned, with its result, and a sweep, a checkpoint and notes beside. */
export async function oneOfEach(): Promise<OneOfEach> {
  const { store } = open();
  const { location } = store;
  const model = value(collect(store, { 'a.txt': 'a poem', 'b.txt': LARGE }));
  await keptResult(store, model, RUN);
  const [code, map] = ['the code', 'its map'].map((text) => store.artifacts.add(Buffer.from(text))) as [string, string];
  const raw = sha256('raw');
  store.bundles.keep(raw, { digest: code, map, files: {} });
  const folder = emptyFolder();
  write(folder, { 'poem.txt': 'kept' });
  const read = { name: 'poem', path: join(folder, 'poem.txt') };
  const source = value(store.sources.snapshot(read));
  value(store.sources.keep(read, source));
  const recipe = { work: { kind: 'stage', packages: {} } } as unknown as NonNullable<RunNode['recipe']>;
  const shared = { stage: 'train', cause: '', params: {}, fingerprint: workFingerprint, code, recipe: { ...recipe, metrics: {} } };
  const student: RunNode = { ...shared, state: 'executed', outputs: { model: { ...model, measured: false } } };
  const record: RunRecord = {
    ...recordOf(RUN),
    format: RECORD_FORMAT,
    nodes: { student },
    sources: { poem: { digest: source.digest, kept: true, kind: 'file' } },
  };
  store.runs.write(record);
  const events = store.runs.appendEvents(RUN, () => undefined);
  for (const line of ['{"type":"node-metric","value":1}', '{"type":"run-ended"}']) events.write(line);
  await events.close();
  store.tags.set('best', RUN);
  store.tags.pin(RUN);
  store.published.outputs('demo', new Map([['student', new Map([['model', model]])]]));
  const journal = new LinesFile(join(location, 'sweeps/demo-1.jsonl'));
  journal.begin({ type: 'sweep' });
  await journal.appendDurably({ type: 'start' });
  writeSealedNote(join(store.cache, 'code', 'note.json'), { version: '1' });
  writeWhole(join(store.cache, 'unchanged', 'one.standing'), summedLine('["as it was"]'));
  const checkpoint = join(store.workplaces.checkpoints(WORK).folder, 'complete-1');
  mkdirSync(checkpoint, { recursive: true });
  writeFileSync(join(checkpoint, 'weights'), 'some weights');
  sealFolder(checkpoint);
  store.flush();
  const kept = JSON.parse(readFileSync(join(location, 'sources', `${source.digest}.json`), 'utf8')) as { manifest: string };
  const [note = ''] = readdirSync(join(location, 'latest')).filter((name) => name.endsWith('.json'));
  const [sourceNote = ''] = readdirSync(join(location, 'index/sources'));
  const [segment = ''] = readdirSync(join(location, 'segments'));
  const s = (digest: string): string => digest.slice(0, 12);
  const files = {
    [`runs/${RUN}.json`]: `run: record of the run ${RUN}`,
    [`bundles/${code}.json`]: `code: code of student (${s(code)})`,
    [`bundles/raw/${raw}`]: `code: what leads to code (${s(raw)})`,
    [`sources/${source.digest}.json`]: `source: source "poem" (${s(source.digest)})`,
    'tags/best': 'tag: tag best',
    [`pins/${RUN}.json`]: `pin: pin of the run ${RUN}`,
    [`checkpoints/${WORK}/complete-1/.digests.json`]: `checkpoint: checkpoint complete-1 of the work ${s(WORK)}`,
    [`checkpoints/${WORK}/complete-1/weights`]: `checkpoint: checkpoint complete-1 of the work ${s(WORK)}`,
    'sweeps/demo-1.jsonl': 'sweep: journal of the sweep demo-1',
    [`logs/${RUN}/events.jsonl`]: `events: events of the run ${RUN}`,
    'index/code/note.json': 'index: note index/code/note.json',
    [`index/sources/${sourceNote}`]: `index: note index/sources/${sourceNote}`,
    'index/unchanged/one.standing': 'index: note index/unchanged/one.standing',
    'index/runs': 'index: note index/runs',
    'index/blobs': 'index: note index/blobs',
    [`index/segments/${segment}`]: `index: note index/segments/${segment}`,
    [`latest/${note}`]: `index: note latest/${note}`,
    [relative(location, looseBlob(location, sha256(LARGE)))]: 'content: output student.model/b.txt',
  };
  const entries = {
    [workFingerprint]: `result: result ${s(workFingerprint)} of student`,
    [model.digest]: 'content: output student.model',
    [sha256('a poem')]: 'content: output student.model/a.txt',
    [code]: `code: code of student (${s(code)})`,
    [map]: `code: source map of the code of student (${s(code)})`,
    [kept.manifest]: `source: source "poem" (${s(source.digest)})`,
    [source.digest]: `source: source "poem" (${s(source.digest)})`,
  };
  return { store, code, raw, source: source.digest, files, entries, results: [workFingerprint] };
}

/** The files below a folder, relative to it. */
export function filesIn(folder: string, at = folder): string[] {
  return readdirSync(at).flatMap((name) => {
    const path = join(at, name);
    return lstatSync(path).isDirectory() ? filesIn(folder, path) : [relative(folder, path)];
  });
}
