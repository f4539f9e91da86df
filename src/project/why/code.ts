import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordedSource, RunRecord } from '../../model/run.ts';
import type { Store } from '../../model/store.ts';
import { codeChanges, type WithCode } from '../../records/compare.ts';
import { portOf } from './reason.ts';
import type { PastRecords } from './recorded.ts';
import type { OwnReason, Root } from './roots.ts';
import { type Files, filesOnDisk, keptFiles, textChanges as changedTexts } from '../../records/text-changes.ts';

/** A file or command in two versions, which makes nodes run. */
export interface TextChange {
  readonly nodes: readonly string[];
  /** A path, or `pipelines/demo.yaml: teacher.run` for a command. */
  readonly name: string;
  readonly before: string;
  readonly after: string;
  /** The line at which the later version begins in its file. */
  readonly line: number;
}

/** Sources as they are known: those of a record, or of a plan with where they lie now. */
export type KnownSources = Readonly<Record<string, Pick<RecordedSource, 'digest' | 'path'>>>;

/** What nodes are now, to be compared with what they were. */
export interface Now {
  readonly file: string;
  /** The folder of the project. */
  readonly root: string;
  readonly nodes: Readonly<Record<string, WithCode>>;
  readonly sources: KnownSources;
  /** Sources lie on the disk as they are meant; else the store has them, as far as it kept them. */
  readonly isOnDisk: boolean;
}

/** What Stillroom adds to a bundle, and what is no one's own: told by name only. */
const FOREIGN = /(?:^|\/)<stdin>$|(?:^|\/)node_modules\//;

/** Scripts, commands, stage code and text files that are otherwise than before, of the nodes where it began. */
export function textChanges(
  roots: readonly Root[],
  reasons: ReadonlyMap<string, OwnReason>,
  { store, past, now }: { readonly store: Store; readonly past: PastRecords; readonly now: Now },
): readonly TextChange[] {
  const found = new Map<string, TextChange>();
  const lines = new CommandLines(now);
  const add = (node: string, change: Omit<TextChange, 'nodes'>): void => {
    const key = JSON.stringify([change.name, change.before, change.after]);
    found.set(key, { ...change, nodes: [...(found.get(key)?.nodes ?? []), node] });
  };
  for (const { node, changes } of roots) {
    const before = past.read(reasons.get(node)?.past);
    const [old, current] = [before?.nodes[node], now.nodes[node]];
    if (before === undefined || old === undefined || current === undefined) continue;
    if (changes.some(({ what }) => /^(code|command)\b/.test(what)))
      for (const { name, before: from, after: to } of codeChanges(old, current, store)) {
        if (FOREIGN.test(name)) continue;
        const command = name === 'run' ? lines.of(current, to) : undefined;
        add(node, { name: command?.name ?? name, before: from, after: to, line: command?.line ?? 1 });
      }
    for (const source of sourcesBehind(current, changes))
      for (const change of changesOfSource(source, before, now, store)) add(node, { ...change, line: 1 });
  }
  return [...found.values()];
}

/** The sources that differences of inputs are about. */
function sourcesBehind({ recipe }: WithCode, changes: Root['changes']): readonly string[] {
  const ports = new Set(changes.map(portOf));
  const inputs = (recipe?.inputs ?? []).filter(({ port }) => ports.has(port));
  const origins = inputs.flatMap(({ elements }) => elements.map(({ origin }) => origin));
  return [...new Set(origins.flatMap((origin) => (origin.kind === 'source' ? [origin.source] : [])))];
}

function changesOfSource(name: string, before: RunRecord, now: Now, { sources }: Store): readonly Omit<TextChange, 'nodes' | 'line'>[] {
  const [old, current] = [before.sources[name], now.sources[name]];
  if (old === undefined || current === undefined || old.digest === current.digest) return [];
  const path = current.path ?? name;
  const after: Files = now.isOnDisk ? filesOnDisk(join(now.root, path)) : keptFiles(sources, current.digest);
  return changedTexts(keptFiles(sources, old.digest), after).map((change) => ({
    name: change.path === '' ? path : join(path, change.path),
    before: change.before,
    after: change.after,
  }));
}

/** Finds commands in the pipeline file, as far as they still stand there as they ran. */
class CommandLines {
  private readonly now: Now;
  private readonly lines: readonly string[];

  constructor(now: Now) {
    this.now = now;
    const file = join(now.root, now.file);
    this.lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  }

  /** What a node's command is called, and the line of the file at which it begins; 1 where it is not found there. */
  of({ recipe }: WithCode, run: string): { readonly name: string; readonly line: number } {
    const node = recipe?.node ?? '';
    const [first = ''] = run.split('\n');
    const head = this.lines.findIndex((line) => line.trim().startsWith(`${node}:`));
    const at = head < 0 ? -1 : this.lines.findIndex((line, index) => index >= head && line.includes(first.trim()));
    return { name: `${this.now.file}: ${node}.run`, line: at < 0 ? 1 : at + 1 };
  }
}
