import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { JsonObject } from '../model/json.ts';
import type { Job, JobEnd, StartedJob } from './study.ts';

/** The shape of the lines; part of a sweep's id, so that a journal of another shape is never written over. */
export const JOURNAL_FORMAT = 1;

/** The first line of a journal: what the sweep was asked. */
interface Header {
  readonly type: 'sweep';
  readonly format: number;
  /** Trials at once when it began: proposals depend on it. */
  readonly window: number;
  readonly asked: JsonObject;
}

type Line =
  | Header
  | { readonly type: 'start'; readonly job: Job }
  | ({ readonly type: 'end'; readonly trial: number; readonly rung: number } & JobEnd);

/**
 * What a sweep has started and finished, a JSON line each. What has ended is on the disk before anything builds on it; a start that a power
 * cut loses is proposed again alike. A line that was cut off is as if it had not been written.
 */
export class Journal {
  readonly window: number;
  readonly jobs: readonly StartedJob[];
  private readonly path: string;

  private constructor(path: string, window: number, jobs: readonly StartedJob[]) {
    this.path = path;
    this.window = window;
    this.jobs = jobs;
  }

  /** Goes on with the journal at a path, or begins it. */
  static open(path: string, window: number, asked: JsonObject): Journal {
    const lines = existsSync(path) ? readWhole(path) : [];
    const [header] = lines;
    if (header?.type === 'sweep' && header.format === JOURNAL_FORMAT) return new Journal(path, header.window, jobsOf(lines));
    mkdirSync(dirname(path), { recursive: true });
    const first: Header = { type: 'sweep', format: JOURNAL_FORMAT, window, asked };
    writeFileSync(`${path}.part`, `${JSON.stringify(first)}\n`);
    renameSync(`${path}.part`, path);
    return new Journal(path, window, []);
  }

  started(job: Job): void {
    this.append({ type: 'start', job }, false);
  }

  ended(job: Job, end: JobEnd): void {
    this.append({ type: 'end', trial: job.trial, rung: job.rung, ...end }, true);
  }

  private append(line: Line, durably: boolean): void {
    const file = openSync(this.path, 'a');
    try {
      writeSync(file, `${JSON.stringify(line)}\n`);
      if (durably) fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }
}

/** The whole lines of a journal; what stands behind the last of them is cut off. */
function readWhole(path: string): Line[] {
  const bytes = readFileSync(path);
  const end = bytes.lastIndexOf('\n') + 1;
  if (end < bytes.length) truncateSync(path, end);
  const lines: Line[] = [];
  for (const text of bytes.subarray(0, end).toString('utf8').split('\n')) {
    if (text === '') continue;
    try {
      lines.push(JSON.parse(text) as Line);
    } catch {
      // A power cut may leave a line of zeros.
    }
  }
  return lines;
}

/** A later end of the same job stands in place of an earlier one. */
function jobsOf(lines: readonly Line[]): StartedJob[] {
  const jobs = new Map<string, StartedJob>();
  for (const line of lines) {
    if (line.type === 'start') jobs.set(`${line.job.trial}/${line.job.rung}`, { job: line.job, end: undefined });
    if (line.type !== 'end') continue;
    const { type: _type, trial, rung, ...end } = line;
    const known = jobs.get(`${trial}/${rung}`);
    if (known !== undefined) jobs.set(`${trial}/${rung}`, { job: known.job, end });
  }
  return [...jobs.values()];
}
