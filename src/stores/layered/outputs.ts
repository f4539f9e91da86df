import type { Artifact } from '../../model/artifact.ts';
import type { JsonObject } from '../../model/json.ts';
import type { StoredResult } from '../../model/result.ts';
import type { Outputs, Payload, Store } from '../../model/store.ts';
import type { Fetching } from './fetching.ts';

/** An output that could not be brought here, and the contents that were missing or damaged. */
interface LostOutput {
  readonly port: string;
  readonly digests: readonly string[];
}

/** Brings all bytes of outputs here; undefined where they are. Manifests come first, since they say what else there is. */
export async function bringOutputs(fetching: Fetching, local: Store, outputs: Outputs): Promise<LostOutput | undefined> {
  const ports = Object.entries(outputs);
  const lostIn = (lost: readonly string[], of: (artifact: Artifact) => readonly string[]): LostOutput | undefined => {
    const port = ports.find(([, artifact]) => of(artifact).some((digest) => lost.includes(digest)));
    return port === undefined ? undefined : { port: port[0], digests: lost };
  };
  const own = await fetching.bring(new Map(ports.map(([, { kind, digest, size }]) => [digest, kind === 'file' ? size : undefined])));
  if (own.length > 0) return lostIn(own, ({ digest }) => [digest]);
  const filesOf = ({ kind, digest }: Artifact) => (kind === 'dir' ? (local.artifacts.manifest(digest)?.files ?? []) : []);
  for (const [port, artifact] of ports) {
    const { kind, digest, size } = artifact;
    const isFitting =
      kind === 'file'
        ? local.artifacts.payload(digest)?.size === size
        : local.artifacts.manifest(digest) !== undefined && filesOf(artifact).reduce((sum, entry) => sum + entry.size, 0) === size;
    if (!isFitting) return { port, digests: [] };
  }
  const entries = ports.flatMap(([, artifact]) => filesOf(artifact));
  const lost = await fetching.bring(new Map(entries.map((entry) => [entry.digest, entry.size])));
  if (lost.length > 0) return lostIn(lost, (artifact) => filesOf(artifact).map((entry) => entry.digest));
  const wrong = ports.find(([, artifact]) => filesOf(artifact).some((entry) => local.artifacts.payload(entry.digest)?.size !== entry.size));
  return wrong === undefined ? undefined : { port: wrong[0], digests: [] };
}

/** The record of a result as it travels: its newest attempt, and of that nothing that only this store knows. */
export function travelling({ attempts: [attempt], ...result }: StoredResult): JsonObject {
  const { remote: _remote, ...facts } = attempt.facts;
  return { ...result, attempts: [{ ...attempt, facts }] } as unknown as JsonObject;
}

/** The contents of outputs; undefined where one of them is not whole here. */
export function contentsOf(local: Store, outputs: Outputs): ReadonlyMap<string, Payload> | undefined {
  const digests = Object.values(outputs).flatMap(({ kind, digest }) => [
    ...(kind === 'file' ? [] : (local.artifacts.manifest(digest)?.files ?? []).map((entry) => entry.digest)),
    digest,
  ]);
  const contents = new Map<string, Payload>();
  for (const digest of new Set(digests)) {
    const payload = local.artifacts.payload(digest);
    if (payload === undefined) return undefined;
    contents.set(digest, payload);
  }
  return contents;
}
