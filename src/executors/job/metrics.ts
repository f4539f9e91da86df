import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { JobSpecification } from '../../model/job.ts';
import { done, failed, type Outcome } from '../../model/problem.ts';

/** The numbers in a command's metrics file; nested ones are named with dots. */
export function readMetrics(job: JobSpecification, file: string | undefined): Outcome<Readonly<Record<string, number>>> {
  if (file === undefined) return done({});
  const path = join(job.folder, 'work', file);
  const bad = (message: string): Outcome<never> =>
    failed({ kind: 'stage', code: 'bad-metrics', message: `${job.node} ${message}`, hint: `"${file}" must be a JSON object of numbers` });
  if (!existsSync(path) || dirname(realpathSync(path)) !== realpathSync(dirname(path)))
    return bad(`ended without writing its metrics "${file}"`);
  try {
    const metrics: Record<string, number> = {};
    const visit = (value: unknown, name: string): void => {
      if (typeof value === 'number') metrics[name] = value;
      else if (value !== null && typeof value === 'object')
        for (const [key, inner] of Object.entries(value)) visit(inner, name === '' ? key : `${name}.${key}`);
    };
    visit(JSON.parse(readFileSync(path, 'utf8')), '');
    return done(metrics);
  } catch {
    return bad(`wrote metrics "${file}" that are not JSON`);
  }
}
