import type { InputElement } from '../model/pipeline.ts';
import type { RunRecord } from '../model/run.ts';

/** Where an input came from. */
export interface LineageOrigin {
  readonly port: string;
  /** `source NAME`, or `node.port`. */
  readonly origin: string;
  readonly digest: string | null;
}

/** Where an input came from, and that in turn. */
export interface LineageStep extends LineageOrigin {
  /** Of the node that made it; null for a source. */
  readonly stage: string | null;
  /** Where that node's own inputs came from; undefined where it was told before. */
  readonly from: readonly LineageStep[] | undefined;
}

function originName({ origin }: InputElement): string {
  return origin.kind === 'source' ? `source ${origin.source}` : `${origin.instance}.${origin.port}`;
}

function digestOf({ origin }: InputElement, { sources, nodes }: RunRecord): string | null {
  const found = origin.kind === 'source' ? sources[origin.source] : nodes[origin.instance]?.outputs?.[origin.port];
  return found?.digest ?? null;
}

/** A node's inputs, each with what it came from. */
export function originsOf(record: RunRecord, name: string): readonly LineageOrigin[] {
  return elementsOf(record, name).map(({ port, element }) => ({ port, origin: originName(element), digest: digestOf(element, record) }));
}

function elementsOf({ nodes }: RunRecord, name: string): { readonly port: string; readonly element: InputElement }[] {
  return (nodes[name]?.recipe?.inputs ?? []).flatMap(({ port, elements }) => elements.map((element) => ({ port, element })));
}

/** What a node of a run comes from, down to the sources; what was told once is not told again. */
export function lineageOf(record: RunRecord, name: string): readonly LineageStep[] {
  return stepsOf(record, name, new Set());
}

function stepsOf(record: RunRecord, name: string, told: Set<string>): LineageStep[] {
  return elementsOf(record, name).map(({ port, element }): LineageStep => {
    const step = { port, origin: originName(element), digest: digestOf(element, record) };
    if (element.origin.kind === 'source') return { ...step, stage: null, from: [] };
    const { instance } = element.origin;
    const stage = record.nodes[instance]?.stage ?? 'unknown';
    if (told.has(instance)) return { ...step, stage, from: undefined };
    told.add(instance);
    return { ...step, stage, from: stepsOf(record, instance, told) };
  });
}
