import type { Contents } from './contents.ts';
import type { Results } from './results.ts';

/** Hashes every blob of a store, and looks for all those that its current results name. What is damaged goes to quarantine. */
export async function verifyStore(
  results: Results,
  contents: Contents,
): Promise<{ checked: number; damaged: { digest: string; node: string }[] }> {
  const makers = new Map<string, string>();
  const expected = new Set<string>();
  for (const result of results.all()) {
    for (const attempt of result.attempts) {
      for (const artifact of Object.values(attempt.outputs)) {
        for (const digest of contents.ofArtifact(artifact)) {
          makers.set(digest, attempt.node);
          if (attempt === result.attempts[0]) expected.add(digest);
        }
      }
    }
  }
  const damaged: { digest: string; node: string }[] = [];
  const all = new Set([...expected, ...contents.blobs()]);
  for (const digest of all) {
    if (contents.state(digest, true) !== 'whole') damaged.push({ digest, node: makers.get(digest) ?? '' });
    await new Promise(setImmediate);
  }
  return { checked: all.size, damaged };
}
