import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Trial } from './trial.ts';

const files = readdirSync(fileURLToPath(new URL('.', import.meta.url))).filter((file) => file.endsWith('.trial.ts'));

for (const file of files) {
  const { default: trial } = (await import(new URL(file, import.meta.url).href)) as { readonly default: Trial };
  const missing = trial.missing?.();
  const title = `${file.slice(0, -'.trial.ts'.length)}: ${trial.about}${missing === undefined ? '' : ` (${missing})`}`;
  test.runIf(trial.sample > 0 && missing === undefined)(title, { timeout: 300_000 }, async () => {
    expect((await trial.run(trial.sample, () => undefined)).faults).toEqual([]);
  });
}
