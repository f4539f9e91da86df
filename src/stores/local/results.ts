import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isObject, readJson } from '../../files/json.ts';
import { writeDurably } from '../../files/durable.ts';
import { canonicalJson } from '../../model/canonical.ts';
import { type Attempt, RESULT_FORMAT, type StoredResult } from '../../model/result.ts';
import type { Artifacts, FoundResult, Results, WantedResult } from '../../model/store.ts';
import { isStoredResult } from './shapes.ts';

/** Whether a value is the record of a newer Stillroom, whose shape is not known. */
function isOfNewerFormat(value: unknown): value is Readonly<Record<string, unknown>> {
  return isObject(value) && typeof value['format'] === 'number' && value['format'] > RESULT_FORMAT;
}

/** Results by fingerprint, and an index of them by the digest of their work without its inputs. */
export class LocalResults implements Results {
  private readonly root: string;
  private readonly index: string;
  private readonly quarantine: string;
  private readonly artifacts: Artifacts;

  constructor(root: string, artifacts: Artifacts) {
    this.artifacts = artifacts;
    this.root = join(root, 'results');
    this.index = join(root, 'index', 'work');
    this.quarantine = join(root, 'quarantine');
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

  /** Moves a record to quarantine if it is damaged: it is no JSON, or not of the shape of its format. Returns whether it was. */
  quarantineDamaged(fingerprint: string): boolean {
    const file = join(this.root, `${fingerprint}.json`);
    const isDamaged = this.read(fingerprint) === undefined && readJson(file, isOfNewerFormat) === undefined;
    if (isDamaged) {
      mkdirSync(this.quarantine, { recursive: true });
      renameSync(file, join(this.quarantine, `result-${fingerprint}-${randomBytes(4).toString('hex')}`));
    }
    return isDamaged;
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
