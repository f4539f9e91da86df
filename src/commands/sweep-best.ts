import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { type Document, isCollection, isMap, isScalar, parseDocument } from 'yaml';
import type { Params } from '../model/sweep.ts';

/** Where `--set` puts a value; undefined for an instance's own, which a file cannot say. */
function placeOf(name: string): string[] | undefined {
  if (name.includes('[')) return undefined;
  const [node = '', param] = name.split('.');
  if (param === undefined) return ['params', node];
  return node === 'sources' ? ['sources', param] : ['stages', node, 'with', param];
}

/** Paths in a file are relative to it: those of a copy that lies elsewhere lead back. */
function moved(path: string, from: string, to: string, mark: string): string {
  if (isAbsolute(path) || path.startsWith('$')) return path;
  const there = relative(to, join(from, path)) || '.';
  return mark !== '' && !there.startsWith('../') ? mark + there : there;
}

function moveSources(document: Document, from: string, to: string): void {
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

/**
 * A pipeline file with a variant's values written into it, comments kept, as it would stand in another folder; without its sweep. Names in `unsaid` could not
 * be written: they set one instance of a node.
 */
export function variantFile(
  file: string,
  folder: string,
  params: Params,
  about: string,
): { readonly text: string; readonly unsaid: readonly string[] } {
  const document = parseDocument(readFileSync(file, 'utf8'));
  const unsaid: string[] = [];
  document.delete('sweep');
  moveSources(document, dirname(file), folder);
  for (const [name, given] of Object.entries(params)) {
    const value = name.startsWith('sources.') && typeof given === 'string' ? moved(given, dirname(file), folder, '') : given;
    const path = placeOf(name);
    if (path === undefined) {
      unsaid.push(name);
      continue;
    }
    const parent = path.slice(0, -1);
    if (!isCollection(document.getIn(parent))) document.setIn(parent, document.createNode({}));
    const before = document.getIn(path, true);
    if (isScalar(before) && (value === null || typeof value !== 'object')) {
      before.value = value;
      if (typeof value === 'number') delete before.format;
    } else document.setIn(path, document.createNode(value));
  }
  const text = document.toString({ lineWidth: 0 }).replace(/^# yaml-language-server:.*\n/m, '');
  return { text: `# ${about}\n${text}`, unsaid };
}
