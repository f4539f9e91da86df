import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobSpecification } from '../../model/job.ts';
import { done, failed, type Outcome } from '../../model/problem.ts';

/** Bytes of a metrics file. */
const LARGEST_METRICS = 16 * 1024 * 1024;

/** The numbers in a command's metrics file; nested ones are named with dots. */
export function readMetrics(job: JobSpecification, file: string | undefined): Outcome<Readonly<Record<string, number>>> {
  if (file === undefined) return done({});
  const path = join(job.folder, 'work', file);
  const bad = (message: string): Outcome<never> =>
    failed({ kind: 'stage', code: 'bad-metrics', message: `${job.node} ${message}`, hint: `"${file}" must be a JSON object of numbers` });
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return bad(`ended without writing its metrics "${file}"`);
  // Nothing but a plain file is opened: reading a pipe would wait for ever, and a link may lead anywhere.
  if (!stats.isFile()) return bad(`wrote its metrics "${file}" as something other than a file`);
  if (stats.size > LARGEST_METRICS) return bad(`wrote metrics "${file}" of more than 16 MiB`);
  try {
    const metrics = new Map<string, number>();
    let twice: string | undefined;
    const visit = (value: unknown, name: string): void => {
      if (typeof value === 'number') {
        if (metrics.has(name)) twice = name;
        metrics.set(name, value);
      } else if (value !== null && typeof value === 'object')
        for (const [key, inner] of Object.entries(value)) visit(inner, name === '' ? key : `${name}.${key}`);
    };
    visit(JSON.parse(readFileSync(path, 'utf8')), '');
    return twice === undefined ? done(Object.fromEntries(metrics)) : bad(`wrote two metrics that are both called "${twice}"`);
  } catch {
    return bad(`wrote metrics "${file}" that are not JSON`);
  }
}
