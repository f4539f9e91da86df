import { isAbsolute, join, relative } from 'node:path';
import { type Document, isCollection, isMap, isScalar, isSeq, parseDocument, type Scalar } from 'yaml';
import { isObject } from '../files/json.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { splitName } from '../model/instance-name.ts';
import type { VariantParams, SweepResult } from '../model/sweep.ts';

/** Where `--set` puts a value; undefined where a file cannot say it: for an instance's own, and for an entry of what is not written out. */
function placeOf(name: string, document: Document, params: JsonObject): string[] | undefined {
  const { node = '', point, rest = '' } = splitName(name) ?? {};
  if (point !== undefined) return undefined;
  const [param, ...path] = rest.split('.').slice(1);
  const steps = [node, ...rest.split('.').slice(1)];
  // One that comes from a file of params; what the pipeline file says counts before it. A list is written as a whole.
  if (!document.hasIn(['params', node]) && hasMappings(params, steps)) return ['params', ...steps];
  if (node === 'sources' && param !== undefined) return ['sources', [param, ...path].join('.')];
  const isOfPipeline = param === undefined || document.hasIn(['params', node]);
  const whole = isOfPipeline ? ['params', node] : ['stages', node, 'with', param];
  const within = isOfPipeline && param !== undefined ? [param, ...path] : path;
  const isWritten = within.length === 0 || document.hasIn([...whole, ...within.slice(0, -1)]);
  // A group or a choice takes a member alone; a list has no such parts.
  return isWritten || (!isOfPipeline && within.every((step) => !/^\d+$/.test(step))) ? [...whole, ...within] : undefined;
}

/** Whether a path leads through mappings alone to something. */
function hasMappings(params: JsonObject, steps: readonly string[]): boolean {
  let at: Json | undefined = params;
  for (const step of steps) {
    if (!isObject(at) || !Object.hasOwn(at, step)) return false;
    at = (at as JsonObject)[step];
  }
  return true;
}

/** Paths in a file are relative to it: those of a copy that lies elsewhere lead back. */
function moved(path: string, from: string, to: string, mark: string): string {
  if (isAbsolute(path) || path.startsWith('$')) return path;
  const there = relative(to, join(from, path)) || '.';
  return mark !== '' && !there.startsWith('../') ? mark + there : there;
}

function movePaths(document: Document, from: string, to: string): void {
  const files = document.getIn(['params', 'from']);
  if (typeof files === 'string') document.setIn(['params', 'from'], moved(files, from, to, ''));
  for (const [index, { value }] of isSeq<Scalar>(files) ? files.items.entries() : [])
    document.setIn(['params', 'from', index], moved(String(value), from, to, ''));
  const sources = document.get('sources');
  for (const { key, value } of isMap(sources) ? sources.items : []) {
    const path = ['sources', String(isScalar(key) ? key.value : key), ...(isMap(value) ? ['path'] : [])];
    const written = document.getIn(path);
    if (typeof written === 'string') document.setIn(path, moved(written, from, to, ''));
  }
  const stages = document.get('stages');
  for (const { key, value: node } of isMap(stages) ? stages.items : []) {
    const inputs = isMap(node) ? node.get('in') : undefined;
    for (const { key: port, value } of isMap(inputs) ? inputs.items : []) {
      const base = ['stages', String(isScalar(key) ? key.value : key), 'in', String(isScalar(port) ? port.value : port)];
      const path = isMap(value) ? [...base, 'from'] : base;
      const written = document.getIn(path);
      if (typeof written === 'string' && /^\.\.?\//.test(written)) document.setIn(path, moved(written, from, to, './'));
    }
  }
}

/** A pipeline file to write variants of. */
export interface PipelineText {
  readonly text: string;
  /** Where it lies: its paths are relative to it. */
  readonly folder: string;
  /** The params that it has, those from files included. */
  readonly params: JsonObject;
}

/**
 * A pipeline file with a variant's values written into it, comments kept, as it would stand in another folder; without its sweep. Names in
 * `unsaid` could not be written: they set one instance of a node, or an entry of what is not written out.
 */
function variantFile(
  { text, folder: from, params: known }: PipelineText,
  folder: string,
  params: VariantParams,
): { readonly text: string; readonly unsaid: readonly string[] } {
  const document = parseDocument(text);
  const unsaid: string[] = [];
  document.delete('sweep');
  movePaths(document, from, folder);
  const wholeFirst = Object.entries(params).sort(([a], [b]) => a.split('.').length - b.split('.').length);
  for (const [name, given] of wholeFirst) {
    const value = name.startsWith('sources.') && typeof given === 'string' ? moved(given, from, folder, '') : given;
    const path = placeOf(name, document, known);
    const parent = path?.slice(0, -1) ?? [];
    const chosen = document.getIn(parent);
    // A choice by its name is opened for its params; what a reference stands for is not known here.
    const isName = parent[0] === 'stages' && parent.length > 3 && typeof chosen === 'string' && !chosen.includes('$');
    if (isName) document.setIn(parent, document.createNode({ name: chosen }));
    if (path === undefined || (document.hasIn(parent) && !isCollection(document.getIn(parent)))) {
      unsaid.push(name);
      continue;
    }
    if (!document.hasIn(parent)) document.setIn(parent, document.createNode({}));
    const before = document.getIn(path, true);
    if (isScalar(before) && (value === null || typeof value !== 'object')) {
      before.value = value;
      if (typeof value === 'number') delete before.format;
    } else document.setIn(path, document.createNode(value));
  }
  return { text: document.toString({ lineWidth: 0 }).replace(/^# yaml-language-server:.*\n/m, ''), unsaid };
}

/** A pipeline for a folder, with the values of the best trial's first repeat: its run has that run's hash. Undefined where none is the best. */
export function bestFile({ id, spec, best }: SweepResult, pipeline: PipelineText, folder: string): string | undefined {
  if (best === undefined) return undefined;
  const { budget, only } = spec;
  const [first] = best.runs;
  const given = budget === undefined || best.budget === undefined ? {} : { [budget.param]: best.budget };
  const params = { ...best.params, ...first?.repeat, ...given };
  const narrowed = only === undefined ? '' : ` with ${only.map((node) => `--only '${node}'`).join(' ')}`;
  const about = `# The best of the sweep ${id}: trial ${best.trial}, run ${first?.run}, hash ${first?.hash}${narrowed}\n`;
  const { text, unsaid } = variantFile(pipeline, folder, params);
  const settings = unsaid.map((name) => `--set '${name}=${JSON.stringify(params[name])}'`);
  return settings.length === 0 ? about + text : `# A file cannot say this; run it with ${settings.join(' ')}\n${about}${text}`;
}
