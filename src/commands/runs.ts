import { suggestion } from '../load/suggest.ts';
import { done, failed, type Outcome } from '../model/problem.ts';
import type { RunRecord } from '../model/run.ts';
import type { LocalStore } from '../stores/local/store.ts';
import { duration } from '../reporters/text.ts';
import { EXIT, fail, printJson } from './problems.ts';
import { type CommonOptions, openStore, projectRoot } from './project.ts';

/** Finds a run by its id, its hash, or the beginning of either; of several with one hash the newest. */
export function findRun(store: LocalStore, word: string): Outcome<RunRecord> {
  const exact = store.run(word);
  if (exact !== undefined) return done(exact);
  const all = [...store.runs()];
  const [newest] = all;
  if (word === '@latest' && newest !== undefined) return done(newest);
  const byId = all.filter(({ id }) => id.startsWith(word));
  const byHash = all.filter(({ hash }) => word.length >= 4 && hash?.startsWith(word));
  const hashes = new Set(byHash.map(({ hash }) => hash));
  const [run] = byId.length > 0 ? byId : byHash;
  if (run === undefined) {
    return failed({
      kind: 'usage',
      code: 'unknown-run',
      message: `no run has the id or hash "${word}"`,
      hint: `${suggestion(
        word,
        all.slice(0, 20).map(({ id }) => id),
      )} See all: stillroom runs`,
    });
  }
  if (byId.length > 1 || (byId.length === 0 && hashes.size > 1)) {
    const candidates = (byId.length > 1 ? byId.map(({ id }) => id) : [...hashes].map(String)).slice(0, 8);
    return failed({ kind: 'usage', code: 'ambiguous-run', message: `"${word}" begins several runs`, hint: candidates.join(', ') });
  }
  return done(run);
}

function secondsOf(record: RunRecord): number {
  return (Date.parse(record.ended ?? new Date().toISOString()) - Date.parse(record.started)) / 1000;
}

export interface RunsOptions extends CommonOptions {
  readonly limit?: string;
}

/** `stillroom runs`: lists what has run, newest first. */
export function runsCommand(options: RunsOptions): number {
  const store = openStore(projectRoot(process.cwd()), options);
  if (!store.ok) return fail(store.problems, options.json === true);
  const limit = Number(options.limit ?? 20);
  if (!Number.isInteger(limit) || limit < 1)
    return fail(
      [{ kind: 'usage', code: 'bad-option', message: `--limit ${options.limit} is not a whole number above 0` }],
      options.json === true,
    );
  const records: RunRecord[] = [];
  for (const record of store.value.runs()) {
    records.push(record);
    if (records.length === limit) break;
  }
  const rows = records.map((record) => {
    const states = Object.values(record.nodes).map(({ state }) => state);
    const count = (state: string): number => states.filter((one) => one === state).length;
    return {
      run: record.id,
      hash: record.hash ?? null,
      pipeline: record.pipeline,
      state: record.state,
      started: record.started,
      seconds: secondsOf(record),
      executed: count('executed'),
      reused: count('reused'),
      set: record.set,
    };
  });
  if (options.json === true) printJson({ runs: rows });
  else if (rows.length === 0) process.stdout.write('nothing has run here yet: stillroom run pipelines/quickstart.yaml\n');
  else {
    process.stdout.write(
      `${'run'.padEnd(22)}  ${'hash'.padEnd(12)}  ${'state'.padEnd(9)}  ${'pipeline'.padEnd(16)}  executed  reused  time\n`,
    );
    for (const row of rows) {
      const cells = [
        row.run.padEnd(22),
        (row.hash ?? '').slice(0, 12).padEnd(12),
        row.state.padEnd(9),
        row.pipeline.padEnd(16),
        String(row.executed).padStart(8),
        String(row.reused).padStart(6),
        duration(row.seconds),
      ];
      process.stdout.write(`${cells.join('  ')}${row.set.length === 0 ? '' : `  ${row.set.join(' ')}`}\n`);
    }
  }
  return EXIT.done;
}
