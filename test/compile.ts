import { compile, compiled } from '../src/setup/compile.mjs';
import { root } from '../src/setup/places.mjs';
import { compileNative, compilerNeeds, nativeParts, nativeReady } from '../src/setup/native.mjs';

/** Before the tests: compiles what was edited, since they drive the real command line in `dist`. */
export default async function setup(): Promise<void> {
  const work = { signal: new AbortController().signal, show: () => undefined, noteChild: async () => undefined };
  if (!compiled(root)) await compile(root, work);
  if (compilerNeeds() !== undefined) return;
  for (const part of nativeParts) if (!nativeReady(root, part)) await compileNative(root, part, work);
}
