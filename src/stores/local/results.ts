import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { syncFolder } from '../../files/durable.ts';
import { jsonNamesIn, namesIn } from '../../files/folder.ts';
import { isObject, parseJson } from '../../files/json.ts';
import { removeTree } from '../../files/remove.ts';
import { type FormerText, readSealed } from '../../files/sealed.ts';
import { canonicalJson } from '../../model/canonical.ts';
import { monotonic } from '../../model/clock.ts';
import { type Attempt, RESULT_FORMAT, type StoredResult } from '../../model/result.ts';
import type { Artifacts, Errand, FoundResult, Results, WantedResult } from '../../model/store.ts';
import type { ClaimMarks, Moment } from './claim-marks.ts';
import type { Segments, Standing } from './segments/segments.ts';
import { isStoredResult } from './shapes.ts';

/** Results of the first format had no seal. */
const former: FormerText = (value) => (value['format'] === 1 ? `${JSON.stringify(value, null, 1)}\n` : undefined);

/** Milliseconds. */
const MOMENT = 100;

/** Whether a value is the record of a newer Stillroom, whose shape is not known. */
function isOfNewerFormat(value: unknown): value is Readonly<Record<string, unknown>> {
  return isObject(value) && typeof value['format'] === 'number' && value['format'] > RESULT_FORMAT;
}

/** Results by fingerprint, in segments; those of former stores lie in a file each, with an index by the digest of their work without its inputs. */
export class LocalResults implements Results {
  private readonly root: string;
  private readonly index: string;
  private readonly artifacts: Artifacts;
  private readonly segments: Segments;
  /** When it was looked for what others have added (`monotonic`). */
  private lookedAt = Number.NEGATIVE_INFINITY;
  private readonly marks: ClaimMarks;
  /** When it was last looked for them by who has claimed a work. */
  private since: Moment | undefined;
  /** Whether there are former results, and an index of them. */
  private hasFormer = false;
  private hasIndex = false;
  /** The current attempts of results as they were read, as long as anyone has them, and where. */
  private readonly attempts = new Map<string, { readonly place: string; readonly attempt: WeakRef<Attempt> }>();

  constructor(root: string, artifacts: Artifacts, segments: Segments, marks: ClaimMarks) {
    this.artifacts = artifacts;
    this.segments = segments;
    this.marks = marks;
    this.root = join(root, 'results');
    this.index = join(root, 'index', 'work');
  }

  read(fingerprint: string): StoredResult | undefined {
    return asResult(this.record(fingerprint), fingerprint);
  }

  /** What is written under a fingerprint, of whatever shape. */
  private record(fingerprint: string): unknown {
    const bytes = this.segments.read('result', fingerprint);
    return bytes === undefined ? this.formerRecord(fingerprint) : parseJson(bytes.toString('utf8'), isObject);
  }

  private formerRecord(fingerprint: string): unknown {
    const file = this.file(fingerprint);
    return existsSync(file) ? readSealed(file, isObject, former) : undefined;
  }

  private file(fingerprint: string): string {
    return join(this.root, `${fingerprint}.json`);
  }

  whole(fingerprint: string): Attempt | undefined {
    this.lookForOthers();
    return this.known(fingerprint);
  }

  known(fingerprint: string): Attempt | undefined {
    const attempt = this.attemptAsKnown(fingerprint);
    return attempt === undefined || this.artifacts.broken(attempt.outputs).length > 0 ? undefined : attempt;
  }

  attempt(fingerprint: string): Attempt | undefined {
    this.lookForOthers();
    return this.attemptAsKnown(fingerprint);
  }

  private attemptAsKnown(fingerprint: string): Attempt | undefined {
    const before = this.attempts.get(fingerprint);
    const known = before?.attempt.deref();
    const found = this.segments.readUnless('result', fingerprint, known === undefined ? undefined : before?.place);
    if (found === undefined) return this.hasFormer ? asResult(this.formerRecord(fingerprint), fingerprint)?.attempts[0] : undefined;
    if (found.body === undefined) return known;
    const attempt = asResult(parseJson(found.body.toString('utf8'), isObject), fingerprint)?.attempts[0];
    if (attempt !== undefined) this.attempts.set(fingerprint, { place: found.place, attempt: new WeakRef(attempt) });
    return attempt;
  }

  apart(fingerprints: readonly string[]): readonly string[] {
    return this.segments.apart('result', fingerprints);
  }

  /** Without a work, sees all that others have added. */
  see(claimed?: string): void {
    if (claimed !== undefined && this.marks.isUntouched(claimed, this.since)) return;
    this.since = this.marks.moment();
    this.segments.lookAnew();
    this.seeOthers();
  }

  async find({ fingerprint }: WantedResult, _errand: Errand, claimed?: string): Promise<FoundResult | undefined> {
    this.see(claimed);
    const attempt = this.known(fingerprint);
    if (attempt === undefined) return undefined;
    this.segments.relyOn('result', fingerprint);
    return { attempt, remote: undefined };
  }

  share(): void {
    // A store alone has no one to share with.
  }

  async shared(): Promise<void> {
    // Nothing is on its way.
  }

  /** Sees what others have added; who has not claimed a work asks of thousands within a moment, in which nothing need be seen. */
  private lookForOthers(): void {
    if (monotonic() - this.lookedAt >= MOMENT) this.seeOthers();
  }

  private seeOthers(): void {
    this.segments.refresh();
    this.hasFormer = existsSync(this.root);
    this.hasIndex = existsSync(this.index);
    this.lookedAt = monotonic();
  }

  ofWork(workDigest: string): readonly StoredResult[] {
    this.lookForOthers();
    const found = this.segments.ofWork(workDigest);
    if (this.hasIndex) for (const fingerprint of namesIn(join(this.index, workDigest))) found.add(fingerprint);
    return found.size === 0 ? [] : [...found].sort().flatMap((fingerprint) => this.read(fingerprint) ?? []);
  }

  keep(result: StoredResult, workDigest: string, mayWait = false): Promise<Attempt | undefined> {
    const { fingerprint, attempts } = result;
    const [newest] = attempts;
    // Who has claimed the work has looked for what others added.
    const place = this.segments.knows('result', fingerprint) ? this.segments.placeOf('result', fingerprint) : undefined;
    const before = place === undefined ? asResult(this.formerRecord(fingerprint), fingerprint) : this.read(fingerprint);
    const older = (before?.attempts ?? []).filter((attempt) => !sameOutputs(attempt, newest));
    const body = Buffer.from(JSON.stringify({ ...result, attempts: [newest, ...older] }));
    this.segments.add([{ kind: 'result', key: fingerprint, work: workDigest, order: (place?.order ?? 0) + 1, body }]);
    this.marks.added();
    return this.segments.commit(mayWait).then(() => before?.attempts[0]);
  }

  hurry(): void {
    this.segments.hurry();
  }

  /** Whether a record is as it was written: of the shape of its format, or of a newer one, whose shape is not known. */
  isIntact(fingerprint: string): boolean {
    const record = this.record(fingerprint);
    return (isStoredResult(record) && record.fingerprint === fingerprint) || isOfNewerFormat(record);
  }

  /** How the record of a result stands that lies in a segment; a damaged one goes to quarantine. */
  standing(fingerprint: string): Standing {
    const standing = this.segments.standing('result', fingerprint, 'all');
    return standing === 'whole' && !this.isIntact(fingerprint) ? 'damaged' : standing;
  }

  /** Bytes of the record of a result. */
  size(fingerprint: string): number {
    return (
      (this.segments.placeOf('result', fingerprint)?.size ?? 0) + (lstatSync(this.file(fingerprint), { throwIfNoEntry: false })?.size ?? 0)
    );
  }

  /** Removes results, durably; returns what refused. */
  remove(fingerprints: ReadonlySet<string>): string[] {
    this.segments.void('result', fingerprints);
    const left = [...fingerprints].flatMap((fingerprint) => (existsSync(this.file(fingerprint)) ? removeTree(this.file(fingerprint)) : []));
    if (existsSync(this.root)) syncFolder(this.root);
    for (const work of namesIn(this.index)) {
      for (const fingerprint of namesIn(join(this.index, work)))
        if (fingerprints.has(fingerprint)) left.push(...removeTree(join(this.index, work, fingerprint)));
      if (namesIn(join(this.index, work)).length === 0) left.push(...removeTree(join(this.index, work)));
    }
    return left;
  }

  /** The fingerprints of all results, those of damaged records included. */
  fingerprints(): string[] {
    return [...new Set([...this.segments.keys('result'), ...jsonNamesIn(this.root)])].sort();
  }
}

/** A record as the result of a fingerprint; undefined where it is none. */
function asResult(record: unknown, fingerprint: string): StoredResult | undefined {
  return isStoredResult(record) && record.fingerprint === fingerprint ? record : undefined;
}

/** Whether two attempts wrote the same bytes. */
function sameOutputs(a: Attempt, b: Attempt): boolean {
  return canonicalJson(a.outputs) === canonicalJson(b.outputs);
}
