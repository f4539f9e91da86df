import { setImmediate as turn } from 'node:timers/promises';
import { join } from 'node:path';
import type { Artifact } from '../../../model/artifact.ts';
import type { BlobState } from '../blobs.ts';
import type { Parts } from '../gc.ts';
import type { Inspection, Story } from './inspection.ts';
import { codeStory, type Known, sourceStory } from './records.ts';

/** What is known of the content of a store: whose it is, and whether it must be there. */
class Holdings {
  readonly stories = new Map<string, Story>();
  readonly expected = new Set<string>();
  private readonly states = new Map<string, BlobState>();
  private readonly parts: Parts;
  private readonly inspection: Inspection;

  constructor(parts: Parts, inspection: Inspection) {
    this.parts = parts;
    this.inspection = inspection;
  }

  /** How the content of a digest stands; hashed once. What is damaged is in quarantine afterwards. */
  state(digest: string): BlobState {
    const known = this.states.get(digest);
    if (known !== undefined) return known;
    const found = this.inspection.look(() => this.parts.blobs.state(digest, true));
    if (found === undefined) this.inspection.move(join('blobs', digest.slice(0, 2), digest.slice(2)), 'content');
    const state = found ?? 'damaged';
    this.states.set(digest, state);
    return state;
  }

  /** Content with what its loss costs. What is told later is told in place of what was. */
  add(digest: string, story: Omit<Story, 'id'>, isExpected: boolean): void {
    this.stories.set(digest, { ...story, id: digest });
    if (isExpected) this.expected.add(digest);
  }

  /** An output with all its files. */
  addOutput({ kind, digest }: Artifact, { name, cost }: Pick<Story, 'name' | 'cost'>, isExpected: boolean): void {
    this.add(digest, { kind: 'content', name, cost }, isExpected);
    if (kind === 'file' || this.state(digest) !== 'whole') return;
    for (const file of this.inspection.attempt(() => this.parts.artifacts.manifest(digest))?.files ?? [])
      this.add(file.digest, { kind: 'content', name: `${name}/${file.path}`, cost }, isExpected);
  }
}

interface Looking {
  readonly known: Known;
  readonly inspection: Inspection;
  readonly holdings: Holdings;
}

/** Tells of all content that runs name. */
function addOfRuns({ bundles, sources }: Parts, { known, inspection, holdings }: Looking): void {
  for (const { id, nodes, sources: read } of known.records) {
    // A run that was unpacked here may have come without its outputs.
    const wasHere = inspection.has(join('logs', id));
    const cost = `the run ${id} has lost it: reproduce makes it again where the work gives the same bytes`;
    for (const [node, { code = '', outputs = {} }] of Object.entries(nodes)) {
      for (const [port, artifact] of Object.entries(outputs))
        holdings.addOutput(artifact, { name: `output ${node}.${port} of the run ${id}`, cost }, wasHere);
      const bundle = inspection.attempt(() => bundles.read(code));
      if (bundle === undefined) continue;
      holdings.add(bundle.digest, codeStory(bundle.digest, known), true);
      holdings.add(bundle.map, codeStory(bundle.digest, known, 'source map of the code'), true);
    }
    for (const { digest } of Object.values(read)) {
      const kept = inspection.attempt(() => sources.record(digest));
      for (const blob of kept === undefined ? [] : [kept.manifest, kept.pack]) holdings.add(blob, sourceStory(digest, known), true);
    }
  }
}

/** Tells of all content that results name, the current attempts last. */
function addOfResults({ results }: Parts, { inspection, holdings }: Looking): void {
  const attempts = (inspection.attempt(() => results.fingerprints()) ?? []).flatMap((fingerprint) => {
    const result = inspection.attempt(() => results.read(fingerprint));
    return (result?.attempts ?? []).map((attempt, index) => ({ ...attempt, isCurrent: index === 0 }));
  });
  for (const { node, outputs, isCurrent } of attempts.sort((a, b) => Number(a.isCurrent) - Number(b.isCurrent))) {
    const cost = isCurrent ? 'the next run makes it again' : 'it is the older of several results: no run needs it';
    for (const [port, artifact] of Object.entries(outputs)) {
      if (isCurrent || !holdings.stories.has(artifact.digest))
        holdings.addOutput(artifact, { name: `output ${node}.${port}`, cost }, isCurrent);
    }
  }
}

/** Hashes all content of a store, and looks for all that records name. */
export async function inspectContent(parts: Parts, known: Known, inspection: Inspection): Promise<void> {
  const holdings = new Holdings(parts, inspection);
  const looking: Looking = { known, inspection, holdings };
  addOfRuns(parts, looking);
  addOfResults(parts, looking);
  for (const digest of new Set([...holdings.expected, ...parts.blobs.all()])) {
    const state = holdings.state(digest);
    if (state === 'whole') inspection.bytes += parts.blobs.size(digest);
    const loose: Story = { kind: 'content', id: digest, name: `content ${digest.slice(0, 12)}`, cost: 'nothing that is kept names it' };
    if (state === 'damaged' || (state === 'missing' && holdings.expected.has(digest)))
      inspection.find(holdings.stories.get(digest) ?? loose, state);
    await turn();
  }
}
