#!/usr/bin/env node
// The command `stillroom`. In a checkout it first compiles what was edited; a package without its compiled sources compiles them once.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compile, compiled } from './compile.mjs';
import { isCheckout } from './facts.mjs';
import { renewNative } from './native.mjs';
import { nodeProblem } from './node-version.cjs';
import { packageFolder, root } from './places.mjs';
import { explain } from './setup.mjs';

const cli = join(root, 'dist', 'cli.js');

/** Brings `dist` up to date where that is this command's business; says why it cannot run otherwise. @returns {Promise<string | undefined>} */
async function prepare() {
  const problem = nodeProblem();
  if (problem) return problem;
  if (isCheckout() && packageFolder('typescript') && !compiled(root)) {
    const work = { signal: new AbortController().signal, show: () => undefined, noteChild: async () => undefined };
    await compile(root, work);
    await renewNative(root, work);
  }
  return existsSync(cli) ? undefined : 'this checkout is not set up yet: run npm start, or node src/setup/setup.mjs';
}

try {
  const refusal = await prepare();
  if (refusal === undefined) await import(pathToFileURL(cli).href);
  else {
    process.stderr.write(`stillroom: ${refusal}\n`);
    process.exitCode = 2;
  }
} catch (error) {
  explain(error);
  process.exitCode = 1;
}
