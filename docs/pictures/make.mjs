// Draws the pictures of this folder anew, from real runs: npm run pictures.
// test/docs/pictures.test.ts does the same and compares what they say.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { graphPicture } from './graph.mjs';
import { terminalPicture } from './terminal.mjs';

writeFileSync(join(import.meta.dirname, 'terminal.svg'), terminalPicture());
writeFileSync(join(import.meta.dirname, 'quickstart.svg'), await graphPicture());
