import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonNamesIn, namesIn } from '../../files/folder.ts';
import { isObject } from '../../files/json.ts';
import { type FormerText, readSealed, writeSealed } from '../../files/sealed.ts';
import { canonicalJson } from '../../model/canonical.ts';
import { type Attempt, RESULT_FORMAT, type StoredResult } from '../../model/result.ts';
import type { Artifacts, FoundResult, Results, WantedResult } from '../../model/store.ts';
import { isStoredResult } from './shapes.ts';

/** Results of the first format had no seal. */
const former: FormerText = (value) => (value['format'] === 1 ? `${JSON.stringify(value, null, 1)}\n` : undefined);

/** Whether a value is the record of a newer Stillroom, whose shape is not known. */
function isOfNewerFormat(value: unknown): value is Readonly<Record<string, unknown>> {
  return isObject(value) && typeof value['format'] === 'number' && value['format'] > RESULT_FORMAT;
}

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
    const result = readSealed(join(this.root, `${fingerprint}.json`), isStoredResult, former);
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
    return namesIn(join(this.index, workDigest)).flatMap((fingerprint) => this.read(fingerprint) ?? []);
  }

  keep(result: StoredResult, workDigest: string): void {
    const [newest] = result.attempts;
    const older = (this.read(result.fingerprint)?.attempts ?? []).filter((attempt) => !sameOutputs(attempt, newest));
    // First: a result that the index lacks would be overlooked by plans.
    mkdirSync(join(this.index, workDigest), { recursive: true });
    writeFileSync(join(this.index, workDigest, result.fingerprint), '');
    writeSealed(join(this.root, `${result.fingerprint}.json`), { ...result, attempts: [newest, ...older] });
  }

  /** Whether a record is as it was written: of the shape of its format, or of a newer one, whose shape is not known. */
  isIntact(fingerprint: string): boolean {
    return this.read(fingerprint) !== undefined || readSealed(join(this.root, `${fingerprint}.json`), isOfNewerFormat) !== undefined;
  }

  /** The fingerprints of all results, those of damaged records included. */
  fingerprints(): string[] {
    return jsonNamesIn(this.root);
  }
}

/** Whether two attempts wrote the same bytes. */
function sameOutputs(a: Attempt, b: Attempt): boolean {
  return canonicalJson(a.outputs) === canonicalJson(b.outputs);
}
