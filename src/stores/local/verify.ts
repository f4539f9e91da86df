import type { Parts } from './gc.ts';

/** Reads every result of a store, hashes every blob, and looks for all those that current results name. What is damaged goes to quarantine. */
export async function verifyStore({
  results,
  contents,
  blobs,
}: Pick<Parts, 'results' | 'contents' | 'blobs'>): Promise<{ checked: number; damaged: { digest: string; node: string }[] }> {
  const makers = new Map<string, string>();
  const expected = new Set<string>();
  const lost = results.fingerprints().filter((fingerprint) => results.quarantineDamaged(fingerprint));
  for (const fingerprint of results.fingerprints()) {
    for (const [index, { node, outputs }] of (results.read(fingerprint)?.attempts ?? []).entries()) {
      for (const digest of Object.values(outputs).flatMap((artifact) => contents.ofArtifact(artifact))) {
        makers.set(digest, node);
        if (index === 0) expected.add(digest);
      }
    }
  }
  const damaged = lost.map((digest) => ({ digest, node: '' }));
  const all = new Set([...expected, ...blobs.all()]);
  for (const digest of all) {
    if (blobs.state(digest, true) !== 'whole') damaged.push({ digest, node: makers.get(digest) ?? '' });
    await new Promise(setImmediate);
  }
  return { checked: all.size + lost.length, damaged };
}
