import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson } from '../../files/json.ts';
import { writeDurably } from '../../files/durable.ts';
import { canonicalJson } from '../../model/canonical.ts';
import type { Attempt, StoredResult } from '../../model/result.ts';
import type { Artifacts, FoundResult, Results, WantedResult } from '../../model/store.ts';
import { isStoredResult } from './shapes.ts';

/** Results by fingerprint, and an index of them by the digest of their work without its inputs. */
export class LocalResults implements Results {
  private readonly root: string;
  private readonly index: string;
  private readonly artifacts: Artifacts;

  constructor(root: string, artifacts: Artifacts) {
    this.artifacts = artifacts;
    this.root = join(root, 'results');
    this.index = join(root, 'index', 'work');
  }

  read(fingerprint: string): StoredResult | undefined {
    const result = readJson(join(this.root, `${fingerprint}.json`), isStoredResult);
    return result?.fingerprint === fingerprint ? result : undefined;
  }

  whole(fingerprint: string): Attempt | undefined {
    const attempt = this.read(fingerprint)?.attempts[0];
    return attempt === undefined || this.artifacts.broken(attempt.outputs).length > 0 ? undefined : attempt;
  }

  async find({ fingerprint }: WantedResult): Promise<FoundResult | undefined> {
    const attempt = this.whole(fingerprint);
    return attempt === undefined ? undefined : { attempt, remote: undefined };
  }

  share(): void {
    // A store alone has no one to share with.
  }

  async shared(): Promise<void> {
    // Nothing is on its way.
  }

  ofWork(workDigest: string): readonly StoredResult[] {
    const folder = join(this.index, workDigest);
    if (!existsSync(folder)) return [];
    return readdirSync(folder).flatMap((fingerprint) => this.read(fingerprint) ?? []);
  }

  keep(result: StoredResult, workDigest: string): void {
    const [newest] = result.attempts;
    const older = (this.read(result.fingerprint)?.attempts ?? []).filter((attempt) => !sameOutputs(attempt, newest));
    writeDurably(
      join(this.root, `${result.fingerprint}.json`),
      `${JSON.stringify({ ...result, attempts: [newest, ...older] }, null, 1)}\n`,
    );
    mkdirSync(join(this.index, workDigest), { recursive: true });
    writeFileSync(join(this.index, workDigest, result.fingerprint), '');
  }

  /** The fingerprints of all results, those of damaged records included. */
  fingerprints(): string[] {
    if (!existsSync(this.root)) return [];
    return readdirSync(this.root)
      .sort()
      .flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -'.json'.length)] : []));
  }
}

/** Whether two attempts wrote the same bytes. */
function sameOutputs(a: Attempt, b: Attempt): boolean {
  return canonicalJson(a.outputs) === canonicalJson(b.outputs);
}
