import { done, failed, type Outcome, type Problem } from '../model/problem.ts';
import type { RunNode, RunRecord } from '../model/run.ts';
import type { Errand, Outputs, Store } from '../model/store.ts';
import { contradictionIn, readForeignRecord } from '../records/foreign-record.ts';
import { findFarRun, type FoundRun, wantedThere } from '../stores/layered/far-runs.ts';
import { GuardedRemote, PATIENCE } from '../stores/layered/guarded-remote.ts';
import { withRemotes } from '../stores/layered/results.ts';
import { Shelf } from '../stores/layered/shelf.ts';
import type { Context } from './context.ts';
import { errandOf, type ExchangeOptions, metered, notThere, remotesMeant, travels } from './exchange.ts';

/** What was fetched from a remote. */
export interface Pulled {
  readonly record: RunRecord;
  readonly remote: string;
  /** Its results that are here now. */
  readonly results: number;
}

/** Fetches a run from the first remote that has it: its record, code, kept sources, outputs and results. */
export async function pullRun(context: Context, word: string, options: ExchangeOptions): Promise<Outcome<Pulled>> {
  const remotes = await remotesMeant(context);
  if (!remotes.ok) return remotes;
  const store = context.store();
  if (!store.ok) return store;
  if (store.value.unwritable !== undefined) return failed(store.value.unwritable);
  const failures: string[] = [];
  const told = errandOf(options);
  const errand: Errand = {
    ...told,
    notice(message) {
      failures.push(message);
      told.notice(message);
    },
  };
  const local = options.onBytes === undefined ? store.value : countingStore(store.value, options.onBytes);
  for (const remote of remotes.value) {
    const guarded = new GuardedRemote(remote, PATIENCE);
    for (const prefix of remote.trust) {
      const shelf = new Shelf(guarded, prefix);
      const found = await findFarRun(shelf, word, { local, errand });
      if (found === undefined) continue;
      if (typeof found === 'string') {
        errand.notice(`what the remote ${shelf.name} has of the run ${word} is not used: ${found}`);
        continue;
      }
      if ('length' in found) return failed(ambiguous(word, found));
      const taken = await takeRun(local, shelf, found, errand);
      if (!taken.ok) return taken;
      const results = await takeResults(withRemotes(local, [remote]), shelf, taken.value, errand);
      store.value.flush();
      return done({ record: taken.value, remote: shelf.name, results });
    }
  }
  if (failures.length > 0)
    return failed(notThere(`the run ${word} could not be fetched: ${failures.join('; ')}`, 'try again when that is mended'));
  const names = remotes.value.map(({ name }) => name).join(', ');
  return failed({
    kind: 'usage',
    code: 'unknown-run',
    message: `no run "${word}" is in the remote ${names}`,
    hint: `whoever has it can send it: stillroom push RUN --remote ${remotes.value[0]?.name}; where it is looked for says trust: in stillroom.yaml`,
  });
}

function ambiguous(word: string, found: readonly string[]): Problem {
  const hint = `say which: ${found.slice(0, 8).join(', ')}${found.length > 8 ? ' …' : ''}`;
  return { kind: 'usage', code: 'ambiguous-run', message: `"${word}" could be ${found.length} runs of the remote`, hint };
}

/** A store that tells of the bytes that it receives. */
function countingStore(store: Store, onBytes: (bytes: number) => void): Store {
  const { artifacts } = store;
  const receive: Store['artifacts']['receive'] = (digest, bytes, most) =>
    artifacts.receive(digest, metered({ size: most, bytes: () => bytes }, onBytes).bytes(), most);
  return { ...store, artifacts: Object.create(artifacts, { receive: { value: receive } }) as Store['artifacts'] };
}

/** Takes a run over that was found; nothing of it is seen before all of it is proven. */
async function takeRun(local: Store, shelf: Shelf, found: FoundRun, errand: Errand): Promise<Outcome<RunRecord>> {
  const unfit = (why: string): Outcome<never> =>
    failed(notThere(`the run ${found.id} of the remote ${shelf.name} cannot be used: ${why}`, 'whoever has it can send it again'));
  const record = readForeignRecord(found.record);
  if (typeof record === 'string') return unfit(record);
  const contradiction = contradictionIn(record);
  if (contradiction !== undefined) return unfit(contradiction);
  const missing = await found.fetching.bring(new Map(found.entries.map(({ digest, size }) => [digest, size])));
  if (errand.signal.aborted) return unfit('it was stopped');
  if (missing.length > 0) return unfit(`${missing.length} of its contents are missing or damaged there`);
  const notes = new Map<string, Uint8Array>();
  for (const { name, digest } of found.entries)
    if (!name.startsWith('blobs/')) notes.set(name, local.artifacts.read(digest) ?? new Uint8Array());
  const flaw = local.contents.takeNotes(record, notes);
  if (flaw !== undefined) return unfit(flaw);
  if (local.runs.read(record.id) === undefined) local.runs.write(record);
  return done(record);
}

/** Takes the results of a run, so that the next run reuses them; returns how many are here. */
async function takeResults(store: Store, shelf: Shelf, record: RunRecord, errand: Errand): Promise<number> {
  let here = 0;
  for (const node of Object.values(record.nodes)) {
    const { fingerprint = '', stage, outputs = {} } = node;
    if (!travels(node)) continue;
    const known = store.results.whole(fingerprint) !== undefined;
    const wanted = known
      ? undefined
      : await wantedThere(shelf, { fingerprint, stage: stageOf(node, stage), outputs: plain(outputs) }, errand);
    const isFound = wanted !== undefined && (await store.results.find(wanted, errand)) !== undefined;
    if (known || isFound) here += 1;
  }
  return here;
}

function stageOf({ recipe }: RunNode, stage: string): string {
  return recipe?.work.kind === 'stage' ? stage : 'command';
}

function plain(outputs: RunNode['outputs'] = {}): Outputs {
  return Object.fromEntries(Object.entries(outputs).map(([port, { measured: _measured, ...artifact }]) => [port, artifact]));
}
