import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { isObject } from '../files/json.ts';
import { readPlain } from '../load/yaml/plain.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { namesOfMetrics, type RunRow } from '../model/run-row.ts';
import { namesInStore, type StoreNames } from '../stores/local/names.ts';
import { declaredParams, type LightNode, type LightPipeline, readLightly } from './light-pipeline.ts';
import { locatePipeline, onlyPipeline, ownStore, projectPipelines, recipes } from './pipeline-files.ts';

/** A word that may be typed, and what it stands for. */
export interface Name {
  readonly value: string;
  readonly about: string;
}

/** Runs that are looked at for what they have in common. */
const MOST_ROWS = 50;

/** Runs that are offered by their ids while none is begun. */
const MOST_RUNS = 20;

/** The columns that every list of runs has. */
const COLUMNS = ['run', 'hash', 'state', 'pipeline', 'executed', 'reused', 'seconds', 'bytes', 'started'];

/**
 * The names that may be typed in a folder: of pipelines, nodes, params, runs, tags, metrics. They are found quickly, for a shell that completes
 * a word: nothing is opened, loaded, planned or written, and what cannot be read has no names.
 */
export class Names {
  private readonly folder: string;
  private readonly named: string | undefined;
  private readonly stores = new Map<string, StoreNames>();

  constructor({ folder, store }: { readonly folder: string; readonly store?: string | undefined }) {
    this.folder = folder;
    this.named = store;
  }

  /** The pipelines of the project and Stillroom's recipes, by name. */
  pipelines(): readonly Name[] {
    const own = projectPipelines(this.folder).map(({ word, file }) => ({ value: basename(file).replace(/\.ya?ml$/, ''), about: word }));
    return unique([...own, ...this.recipes()]);
  }

  /** The recipes that come with Stillroom. */
  recipes(): readonly Name[] {
    return recipes().map(({ word }) => ({ value: word, about: 'a recipe of Stillroom' }));
  }

  /** The nodes of a pipeline and their instances; without a word of the project's only one. */
  nodes(pipeline: string | undefined): readonly Name[] {
    const { nodes } = this.read(pipeline);
    return [
      ...nodes.map(({ name, about }) => ({ value: name, about })),
      ...nodes.flatMap(({ instances, about }) => instances.map((value) => ({ value, about }))),
    ];
  }

  /** The nodes of a run. */
  nodesOfRun(word: string): readonly Name[] {
    const store = this.store(undefined);
    const id = this.idOf(word, store);
    return id === undefined ? [] : store.nodesOf(id).map((value) => ({ value, about: store.row(id)?.pipeline ?? '' }));
  }

  /** What `--set` may set, as far as it is typed: names with `=` behind them, or the values that one may have. */
  settings(pipeline: string | undefined, typed: string): readonly Name[] {
    const read = this.read(pipeline);
    const cut = endOfName(typed);
    if (cut !== -1)
      return this.valuesOf(typed.slice(0, cut), pipeline, read).map(({ value, about }) => ({
        value: typed.slice(0, cut + 1) + value,
        about,
      }));
    const declared = this.declared(pipeline);
    return [
      ...Object.entries(read.params).map(([name, value]) => ({ value: `${name}=`, about: `is ${JSON.stringify(value)}` })),
      ...read.nodes.flatMap((node) =>
        [node.name, ...(typed.includes('[') ? node.instances : [])].flatMap((name) => paramsOf(name, node, declared)),
      ),
      ...read.sources.map((name) => ({ value: `sources.${name}=`, about: 'a source' })),
    ];
  }

  /** Runs by tag, shortcut and id, the newest first, and sweeps. */
  runs(typed: string): readonly Name[] {
    const store = this.store(undefined);
    if (typed.startsWith('@best:')) return this.metrics().map(({ value, about }) => ({ value: `@best:${value}`, about }));
    const told = (id: string): string => aboutRun(store.row(id));
    const [newest = ''] = store.runs;
    const ids = typed === '' ? store.runs.slice(0, MOST_RUNS) : store.runs.filter((id) => id.startsWith(typed));
    return [
      ...(newest === ''
        ? []
        : [
            { value: '@latest', about: told(newest) },
            { value: '@best:', about: 'the best by a metric' },
          ]),
      ...(store.sweeps.length === 0 ? [] : [{ value: '@latest-sweep', about: 'the sweep that was at work last' }]),
      ...this.tags(),
      ...store.sweeps.map((value) => ({ value, about: 'a sweep' })),
      ...ids.map((id) => ({ value: id, about: told(id) })),
    ];
  }

  /** What lives: runs and sweeps that may be watched and stopped. */
  live(): readonly Name[] {
    const { listening, sweeps } = this.store(undefined);
    return listening.map((value) => ({ value, about: sweeps.includes(value) ? 'a sweep that lives' : 'a run that lives' }));
  }

  /** The tags. */
  tags(): readonly Name[] {
    const store = this.store(undefined);
    return store.tags.map(({ name, run }) => ({ value: name, about: `${run} ${aboutRun(store.row(run))}`.trim() }));
  }

  /** The metrics of the newest runs. */
  metrics(): readonly Name[] {
    return unique(this.rows().flatMap((row) => namesOfMetrics(row).map((value) => ({ value, about: `a metric of ${row.pipeline}` }))));
  }

  /** What runs are listed, filtered and sorted by. */
  columns(): readonly Name[] {
    const params = this.rows().flatMap((row) => Object.keys(row.params).map((value) => ({ value, about: `a param of ${row.pipeline}` })));
    return unique([...COLUMNS.map((value) => ({ value, about: 'a column' })), ...this.metrics(), ...params]);
  }

  /** The executors that the project declares. */
  executors(): readonly Name[] {
    return ['local', ...this.namesBelow('executors')].map((value) => ({ value, about: 'an executor' }));
  }

  /** The remotes that the project declares. */
  remotes(): readonly Name[] {
    return this.namesBelow('remotes').map((value) => ({ value, about: 'a remote' }));
  }

  /** The names below a key of the project file. */
  private namesBelow(key: string): readonly string[] {
    const file = join(dirname(ownStore(this.folder)), 'stillroom.yaml');
    const declared = existsSync(file) ? readPlain(readFileSync(file, 'utf8'))?.[key] : undefined;
    return isObject(declared) ? Object.keys(declared) : [];
  }

  /** The sources of a pipeline, or of all that the project has. */
  sources(pipeline: string | undefined): readonly Name[] {
    return this.read(pipeline).sources.map((name) => ({ value: `${name}=`, about: 'a source' }));
  }

  private rows(): readonly RunRow[] {
    const store = this.store(undefined);
    return store.runs.slice(0, MOST_ROWS).flatMap((id) => store.row(id) ?? []);
  }

  private idOf(word: string, { runs, tags }: StoreNames): string | undefined {
    if (word === '@latest') return runs[0];
    const [only, ...others] = runs.filter((id) => id.startsWith(word));
    return tags.find(({ name }) => name === word)?.run ?? (others.length === 0 ? only : runs.find((id) => id === word));
  }

  /** The store of the folder's project, or of that of a pipeline. */
  private store(pipeline: string | undefined): StoreNames {
    const own = pipeline === undefined ? ownStore(this.folder) : join(locatePipeline(pipeline, this.folder).found.root, 'artifacts');
    const folder = this.named === undefined ? own : resolve(this.folder, this.named);
    const known = this.stores.get(folder) ?? namesInStore(folder);
    this.stores.set(folder, known);
    return known;
  }

  private read(pipeline: string | undefined): LightPipeline {
    const only = pipeline === undefined ? onlyPipeline(this.folder) : undefined;
    const word = pipeline ?? (only?.ok === true ? only.value : undefined);
    return readLightly(word === undefined ? '' : locatePipeline(word, this.folder).file);
  }

  private declared(pipeline: string | undefined): ReturnType<typeof declaredParams> {
    return declaredParams((this.store(pipeline).schema() ?? {}) as JsonObject);
  }

  private valuesOf(name: string, pipeline: string | undefined, { params, nodes }: LightPipeline): readonly Name[] {
    const [, written, param = ''] = /^([A-Za-z][\w-]*)(?:\[.*\])?\.([\w.-]+)$/.exec(name) ?? [];
    const node = nodes.find((one) => one.name === written);
    const declared = this.declared(pipeline).get(node?.uses ?? '')?.[param];
    const now = node === undefined ? params[name] : node.params[param];
    const others = typeof now === 'boolean' ? [true, false] : (declared?.values ?? []);
    const about = declared?.about ?? '';
    return [...new Set([...(now === undefined ? [] : [now]), ...others])].map((value) => ({
      value: textOf(value),
      about: value === now ? 'as it is' : about,
    }));
  }
}

/** Where the name of a setting ends, at its sign of equality; -1: it is not typed yet. */
function endOfName(typed: string): number {
  const behind = typed.lastIndexOf(']');
  return typed.includes('[') && behind === -1 ? -1 : typed.indexOf('=', behind + 1);
}

function paramsOf(name: string, node: LightNode, declared: ReturnType<typeof declaredParams>): readonly Name[] {
  const all = declared.get(node.uses ?? '') ?? {};
  return [...new Set([...Object.keys(node.params), ...Object.keys(all)])].map((param) => {
    const now = node.params[param];
    return { value: `${name}.${param}=`, about: all[param]?.about ?? (now === undefined ? '' : `is ${textOf(now)}`) };
  });
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function aboutRun(row: RunRow | undefined): string {
  return row === undefined ? '' : [row.pipeline, row.state, ...row.set].join(' ');
}

function unique(names: readonly Name[]): readonly Name[] {
  const known = new Map<string, Name>();
  for (const name of names) if (!known.has(name.value)) known.set(name.value, name);
  return [...known.values()];
}
