import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { parseExtendedJson } from '../../files/json.ts';
import type { JobSpecification } from '../../model/job.ts';
import { done, failed, type Outcome } from '../../model/problem.ts';
import type { ProblemCode } from '../../model/problem-codes.ts';
import { shorten } from '../../text/shorten.ts';
import { nearestFile } from '../../text/suggestion.ts';
import type { Messages } from './messages.ts';

/** Bytes of a metrics file. */
const LARGEST_METRICS = 16 * 1024 * 1024;

interface Format {
  readonly name: string;
  readonly shape: string;
  /** What a text holds; undefined: it is not of the format. */
  readonly parse: (text: string) => unknown;
}

// Loaded when they are used: most metrics are JSON.
const parseYaml = async (text: string): Promise<unknown> => (await import('./text-formats.ts')).parseYaml(text);
const parseToml = async (text: string): Promise<unknown> => (await import('./text-formats.ts')).parseToml(text);

const JSON_FORMAT: Format = { name: 'JSON', shape: 'a JSON object', parse: parseExtendedJson };

/** How numbers are written in each. */
const EXAMPLES: Readonly<Record<string, string>> = { JSON: '{ "accuracy": 0.9 }', YAML: 'accuracy: 0.9', TOML: 'accuracy = 0.9' };

/** What a metrics file may be, by its suffix; what has another is read as JSON. */
const FORMATS: Readonly<Record<string, Format>> = {
  '.json': JSON_FORMAT,
  '.yaml': { name: 'YAML', shape: 'a YAML mapping', parse: parseYaml },
  '.yml': { name: 'YAML', shape: 'a YAML mapping', parse: parseYaml },
  '.toml': { name: 'TOML', shape: 'a TOML table', parse: parseToml },
};

type Values = Readonly<Record<string, number>>;

/**
 * The metrics of a command that has ended: the last values of those that it told while it ran, and the numbers in its metrics file, of which
 * nested ones are named with dots. A value that is no finite number means that the work has diverged.
 */
export async function readMetrics(
  job: JobSpecification,
  file: string | undefined,
  told: Pick<Messages, 'metrics' | 'diverged'>,
): Promise<Outcome<Values>> {
  const written = file === undefined ? done<Values>({}) : await fileMetrics(job, file);
  if (!written.ok) return written;
  const all: Record<string, number> = { ...told.metrics, ...written.value };
  const [name, shown] = [...told.diverged].find(([one]) => written.value[one] === undefined) ?? [];
  const lost = Object.keys(written.value).find((one) => !Number.isFinite(written.value[one]));
  if (lost !== undefined) return diverged(job, lost, String(written.value[lost]));
  return name === undefined || shown === undefined ? done(all) : diverged(job, name, shown);
}

function problem({ node }: JobSpecification, code: ProblemCode, message: string, hint: string): Outcome<never> {
  return failed({ kind: 'stage', code, message: `${node} ${message}`, hint });
}

function diverged(job: JobSpecification, name: string, shown: string): Outcome<never> {
  const hint = 'a smaller learning rate may help; what may have no value is left out of the metrics';
  return problem(job, 'diverged', `has diverged: its metric "${name}" is ${shown}`, hint);
}

async function fileMetrics(job: JobSpecification, file: string): Promise<Outcome<Values>> {
  const path = join(job.folder, 'work', file);
  const { name: format, shape, parse } = FORMATS[extname(file)] ?? JSON_FORMAT;
  const bad = (message: string, hint = `"${file}" must be ${shape} of numbers, for example ${EXAMPLES[format]}`): Outcome<never> =>
    problem(job, 'bad-metrics', message, hint);
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) {
    const other = nearestFile(file, readdirSync(join(job.folder, 'work')));
    const hint = `it must write ${file}, or "metrics" must name what it writes`;
    return bad(
      `ended without writing its metrics "${file}"`,
      other === undefined ? hint : `it wrote "${other}": write ${file}, or say metrics: ${other}`,
    );
  }
  // Nothing but a plain file is opened: reading a pipe would wait for ever, and a link may lead anywhere.
  if (!stats.isFile()) return bad(`wrote its metrics "${file}" as something other than a file`);
  if (stats.size > LARGEST_METRICS) return bad(`wrote metrics "${file}" of more than 16 MiB`);
  const text = readFileSync(path, 'utf8');
  const value = await parse(text);
  if (value === undefined) {
    const beginning = shorten(text.trim().replaceAll(/\s+/g, ' '), 60);
    return bad(`wrote metrics "${file}" that are not ${format}: ${beginning === '' ? 'nothing at all' : beginning}`);
  }
  const metrics = new Map<string, number>();
  let twice: string | undefined;
  const visit = (one: unknown, name: string): void => {
    if (typeof one === 'number' || typeof one === 'bigint') {
      if (metrics.has(name)) twice = name;
      metrics.set(name, Number(one));
    } else if (one !== null && typeof one === 'object')
      for (const [key, inner] of Object.entries(one)) visit(inner, name === '' ? key : `${name}.${key}`);
  };
  visit(value, '');
  return twice === undefined ? done(Object.fromEntries(metrics)) : bad(`wrote two metrics that are both called "${twice}"`);
}
