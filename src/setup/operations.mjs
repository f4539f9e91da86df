import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './places.mjs';

/** The operations that Stillroom adds to libtensorflow: C++ that becomes a part of the engine's addon. */
const folder = join(root, 'src', 'nn', 'engine', 'native');

/** Products are added as part of the same instruction where a processor has one. */
export const operationFlags = ['-ffp-contract=fast'];

const names = () => readdirSync(folder).sort();

/** The files to compile. */
export function operationSources() {
  return names()
    .filter((name) => name.endsWith('.cc'))
    .map((name) => join(folder, name));
}

/** The digest of what the operations do, whatever their comments say: it is an ingredient of what they compute.
 * @returns {string}
 */
export function operationsDigest() {
  const hash = createHash('sha256').update(operationFlags.join('\n'));
  for (const name of names()) hash.update(`${name}\n`).update(withoutComments(readFileSync(join(folder, name), 'utf8')));
  return hash.digest('hex').slice(0, 16);
}

/** The sources have no text that looks like a comment.
 * @param {string} source
 */
function withoutComments(source) {
  return source.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '').replaceAll(/\s+/g, ' ');
}
