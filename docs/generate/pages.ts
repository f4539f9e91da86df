import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commands } from './commands.ts';
import { manual } from './manual.ts';
import { pipelineFile } from './pipeline-file.ts';
import { stages } from './stages.ts';

/** Does something with a folder that is gone afterwards. */
async function inFolder<Value>(work: (folder: string) => Promise<Value>): Promise<Value> {
  const folder = mkdtempSync(join(tmpdir(), 'stillroom-docs-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The pages that are made from the sources, by path: what writes each. */
export const pages: Readonly<Record<string, () => Promise<string>>> = {
  'docs/commands.md': commands,
  'docs/pipeline-file.md': pipelineFile,
  'docs/stages.md': () => inFolder((folder) => stages({ root: folder, cache: join(folder, 'cache') })),
  'man/stillroom.1': manual,
};
