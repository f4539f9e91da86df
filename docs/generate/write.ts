// Writes the pages that are made from the sources: npm run docs
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installation } from '../../src/model/installation.ts';
import { pages } from './pages.ts';

for (const [path, make] of Object.entries(pages)) {
  writeFileSync(join(installation, path), await make());
  process.stdout.write(`wrote ${path}\n`);
}
