import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sealedJson } from '../../src/files/sealed.ts';
import type { RunRecord } from '../../src/model/run.ts';

/** A folder whose store holds so many records made of the newest of another project, the n-th with `train.rate` n. */
export function manyRuns(project: string, count: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'stillroom-test-'));
  const runs = join(project, 'artifacts/runs');
  const text = readFileSync(join(runs, readdirSync(runs).sort().at(-1) ?? ''), 'utf8');
  const { seal: _seal, ...record } = JSON.parse(text) as RunRecord & { readonly seal: string };
  mkdirSync(join(folder, 'artifacts/runs'), { recursive: true });
  for (let index = 0; index < count; index += 1) {
    const id = `20260101T000000-${index.toString(16).padStart(6, '0')}`;
    const params = { ...record.nodes['train']?.params, rate: index };
    const nodes = { ...record.nodes, train: { ...record.nodes['train'], params } };
    writeFileSync(join(folder, `artifacts/runs/${id}.json`), sealedJson({ ...record, id, nodes }));
  }
  return folder;
}
