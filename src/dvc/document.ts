import { readFileSync } from 'node:fs';
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { isObject } from '../files/json.ts';
import { withPath } from '../files/with-path.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { done, failed, type Outcome } from '../model/problem.ts';

/** Steps from the top of a file to a value. */
export type Path = readonly (string | number)[];

/** A file of DVC: what it holds, and where. */
export interface DvcDocument {
  readonly value: JsonObject;
  /** The line of a value or of its key, counted from 1; of one that is not there, that of what it would lie in. */
  line(path: Path): number;
  /** How a number is written. */
  written(path: Path): string | undefined;
}

/** Bytes of a file of DVC that is read. */
const LARGEST = 32 * 1024 * 1024;

/** Reads a YAML file as DVC does (YAML 1.2, with merge keys); an empty one is a mapping without keys. */
export function readDocument(path: string, shownFile: string): Outcome<DvcDocument> {
  const text = withPath(path, () => readFileSync(path, 'utf8'));
  const wrong = (message: string, line: number, column: number): Outcome<DvcDocument> => {
    const place = { file: shownFile, line, column, excerpt: text.split('\n')[line - 1] ?? '' };
    return failed({ kind: 'usage', code: 'yaml-syntax', message, place, hint: 'DVC could not read it either: correct it there first' });
  };
  if (text.length > LARGEST) return wrong(`${shownFile} is larger than any file of a pipeline`, 1, 1);
  const lines = new LineCounter();
  const document = parseDocument(text, { merge: true, lineCounter: lines, uniqueKeys: true });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    return wrong(`this is no YAML: ${error.message.split('\n')[0]?.replace(/ at line.*$/, '') ?? ''}`, line, col);
  }
  const value = (document.toJS({ maxAliasCount: 1000 }) ?? {}) as Json;
  if (!isObject(value)) return wrong('this holds no mapping', 1, 1);
  const top = document.contents as Node | null;
  return done({
    value: value as JsonObject,
    line: (steps) => lines.linePos(offsetOf(top, steps)).line,
    written(steps) {
      const node = document.getIn(steps, true);
      return isScalar(node) && typeof node.value === 'number' ? node.source : undefined;
    },
  });
}

/** Where a value begins, or its key in a mapping. */
function offsetOf(top: Node | null, path: Path): number {
  let node: unknown = top;
  let offset = top?.range?.[0] ?? 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(step));
      if (pair === undefined) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      offset = (node as Node | undefined)?.range?.[0] ?? offset;
    } else break;
  }
  return offset;
}
