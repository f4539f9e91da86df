import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson } from '../../model/canonical.ts';
import type { Attempt, StoredResult } from '../../model/result.ts';
import { writeDurably } from '../../files/durable.ts';

/** Results by fingerprint, and an index of them by the digest of their work without its inputs. */
export class Results {
  private readonly root: string;
  private readonly index: string;

  constructor(root: string) {
    this.root = join(root, 'results');
    this.index = join(root, 'index', 'work');
  }

  read(fingerprint: string): StoredResult | undefined {
    const path = join(this.root, `${fingerprint}.json`);
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as StoredResult) : undefined;
  }

  ofWork(workDigest: string): readonly StoredResult[] {
    const folder = join(this.index, workDigest);
    if (!existsSync(folder)) return [];
    return readdirSync(folder).flatMap((fingerprint) => this.read(fingerprint) ?? []);
  }

  /** Puts the newest attempt in front of those with other bytes. */
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

  *all(): Iterable<StoredResult> {
    if (!existsSync(this.root)) return;
    for (const file of readdirSync(this.root).sort()) {
      if (!file.endsWith('.json')) continue;
      const result = this.read(file.slice(0, -'.json'.length));
      if (result !== undefined) yield result;
    }
  }
}

/** Whether two attempts wrote the same bytes. */
function sameOutputs(a: Attempt, b: Attempt): boolean {
  return canonicalJson(a.outputs) === canonicalJson(b.outputs);
}
