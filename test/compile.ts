import { compile, compiled } from '../src/setup/compile.mjs';
import { root } from '../src/setup/places.mjs';

/** Before the tests: compiles what was edited, since they drive the real command line in `dist`. */
export default async function setup(): Promise<void> {
  if (compiled(root)) return;
  await compile(root, { signal: new AbortController().signal, show: () => undefined, noteChild: async () => undefined });
}
