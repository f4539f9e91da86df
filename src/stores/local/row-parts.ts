import { isObject, parseJson } from '../../files/json.ts';
import { lineText, sealedLine } from '../../files/sealed.ts';
import { isDigest, sha256 } from '../../model/canonical.ts';
import type { RunRow } from '../../model/run-row.ts';

/** Members of a row that are the longer the more nodes a run has. */
const LONG = ['params', 'metrics', 'goals'] as const;

/** Characters of JSON of such a member that stand in its row. One of more is a line of its own, which rows share. */
const LARGEST_INSIDE = 2048;

/** A row as its line holds it: what is long by its digest. */
export type KeptRow = Omit<RunRow, (typeof LONG)[number]> & Readonly<Record<(typeof LONG)[number], unknown>>;

/** The name of the line that holds a part of rows. */
export function partName(digest: string): string {
  return `#${digest}`;
}

/** The line of a part. */
export function partLine(json: string): string {
  return sealedLine(`{"part":${json}}`);
}

/** What the line of a part holds; undefined where it is damaged, or another part. */
export function openPart(line: string, digest: string): object | undefined {
  const json = lineText(line)?.slice('{"part":'.length, -1);
  return json !== undefined && sha256(json) === digest ? parseJson(json, isObject) : undefined;
}

const texts = new WeakMap<object, string>();

function textOf(value: object): string {
  const text = texts.get(value) ?? JSON.stringify(value);
  texts.set(value, text);
  return text;
}

/** Takes a row apart; `onPart` is told the JSON of what is long. */
export function takeApart(row: RunRow, onPart: (digest: string, json: string) => void): KeptRow {
  const kept: Record<string, unknown> = { ...row };
  for (const member of LONG) {
    const text = textOf(row[member]);
    if (text.length <= LARGEST_INSIDE) continue;
    const digest = sha256(text);
    onPart(digest, text);
    kept[member] = digest;
  }
  return kept as unknown as KeptRow;
}

/** A row as it was before it was taken apart; undefined where one of its parts is lost. */
export function putTogether(row: KeptRow, partOf: (digest: string) => object | undefined): RunRow | undefined {
  const whole: Record<string, unknown> = { ...row };
  for (const member of LONG) {
    const value = row[member];
    const part = isDigest(value) ? partOf(value) : value;
    if (!isObject(part)) return undefined;
    whole[member] = part;
  }
  return whole as unknown as RunRow;
}

/** The names of the parts that the line of a row may name. */
export function partsNamedIn(line: string): string[] {
  return [...line.matchAll(/"(?:params|metrics|goals)":"([0-9a-f]{64})"/g)].map(([, digest = '']) => partName(digest));
}
