import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hashFile } from '../files/hash.ts';
import { isObject, parseJson } from '../files/json.ts';
import { readSealed, writeSealedNote } from '../files/sealed.ts';
import { fileStamp, isFresh } from '../files/stamp.ts';
import { sha256 } from '../model/canonical.ts';
import { done, failed, type Outcome } from '../model/problem.ts';
import { INSTEAD_OF_CONDA } from './python/conda.ts';
import type { EnvironmentIngredient } from '../model/result.ts';

/** What a distribution is, by how its record stood when it was read. */
interface Noted {
  readonly stamp: string;
  readonly name: string;
  readonly told: string;
}

type Note = { readonly records: Readonly<Record<string, Noted>> };

const isNote = (value: unknown): value is Note => isObject(value) && isObject(value['records']);

/** Lines of a RECORD that differ though the same was installed: scripts, which name the folder, and what installers add. */
const PASSING = /^(\.\.\/|\/)|__pycache__\/|\.dist-info\/(RECORD|INSTALLER|REQUESTED|direct_url\.json|uv_cache\.json|uv_build\.json)\b/;

/** Folders in the sources of an editable distribution that are none of them. */
const ASIDE = /^\.|^__pycache__$|^node_modules$|\.egg-info$/;

function refused(folder: string, why: string, hint: string): Outcome<never> {
  return failed({ kind: 'pipeline', code: 'bad-environment', message: `the virtual environment ${folder} ${why}`, hint });
}

/**
 * What a Python virtual environment contributes to a fingerprint: its interpreter's version, and its installed distributions, each by its
 * version and a digest of its RECORD (the files with their digests, as pip and uv write it); editable ones by the content of their sources.
 * Where it lies does not count, nor what was changed in it by hand. `cache` spares reading records that stand as they stood.
 */
export function readVirtualEnvironment(folder: string, cache: string): Outcome<EnvironmentIngredient> {
  if (existsSync(join(folder, 'conda-meta'))) return refused(folder, 'is one of Conda, whose packages are not read', INSTEAD_OF_CONDA);
  const settings = join(folder, 'pyvenv.cfg');
  if (!existsSync(settings)) return refused(folder, 'is none: it has no pyvenv.cfg', `make it: python3 -m venv ${folder}`);
  const text = readFileSync(settings, 'utf8');
  const setting = (key: string): string | undefined => new RegExp(`^${key}\\s*=\\s*(.*?)\\s*$`, 'm').exec(text)?.[1];
  const python = setting('version_info') ?? setting('version');
  if (python === undefined) return refused(folder, 'does not say its version of Python', 'make it anew');
  if (setting('include-system-site-packages') === 'true')
    return refused(folder, "takes the system's packages too, which are not seen", 'make it without --system-site-packages');
  const libraries = join(folder, 'lib');
  const versions = existsSync(libraries) ? readdirSync(libraries).filter((name) => /^python3|^pypy3/.test(name)) : [];
  const noteFile = join(cache, 'environments', `${sha256(folder).slice(0, 32)}.json`);
  const before = readSealed(noteFile, isNote)?.records ?? {};
  const records: Record<string, Noted> = {};
  const packages: Record<string, string> = {};
  for (const version of versions) {
    const site = join(libraries, version, 'site-packages');
    if (!existsSync(site)) continue;
    for (const entry of readdirSync(site).sort()) {
      const path = join(site, entry);
      if (entry.endsWith('.pth')) packages[entry] = hashFile(path).slice(0, 12);
      if (!entry.endsWith('.dist-info')) continue;
      const noted = distribution(path, before[path]);
      const editable = editableSources(path);
      packages[noted.name] = editable === undefined ? noted.told : `${noted.told} editable ${digestOfSources(editable).slice(0, 12)}`;
      if (noted.stamp !== '') records[path] = noted;
    }
  }
  if (JSON.stringify(records) !== JSON.stringify(before)) writeSealedNote(noteFile, { records }, 'compact');
  return done({ python, packages });
}

/** What one distribution is: `1.7.2 0123456789ab`. A stamp that is empty says that it cannot be trusted later. */
function distribution(path: string, before: Noted | undefined): Noted {
  const record = join(path, 'RECORD');
  const stats = lstatSync(record, { bigint: true, throwIfNoEntry: false });
  const stamp = stats === undefined || isFresh(stats) ? '' : fileStamp(stats);
  if (before !== undefined && stamp !== '' && before.stamp === stamp) return before;
  const metadata = existsSync(join(path, 'METADATA')) ? readFileSync(join(path, 'METADATA'), 'utf8') : '';
  const field = (name: string): string => new RegExp(`^${name}: *(.*?)\\r?$`, 'mi').exec(metadata)?.[1] ?? 'unknown';
  const lines = stats === undefined ? [] : readFileSync(record, 'utf8').split(/\r?\n/);
  const files = lines.filter((line) => line !== '' && !PASSING.test(line)).sort();
  // PEP 503: names that differ only so are one.
  const name = field('Name')
    .toLowerCase()
    .replaceAll(/[-_.]+/g, '-');
  return { stamp, name, told: `${field('Version')} ${sha256(files.join('\n')).slice(0, 12)}` };
}

/** The folder of a distribution that is used where its sources lie (PEP 610). */
function editableSources(path: string): string | undefined {
  const file = join(path, 'direct_url.json');
  const direct = existsSync(file) ? parseJson(readFileSync(file, 'utf8'), isObject) : undefined;
  const about = direct?.['dir_info'];
  const url = direct?.['url'];
  const isEditable = isObject(about) && about['editable'] === true && typeof url === 'string' && url.startsWith('file:');
  return isEditable ? fileURLToPath(url) : undefined;
}

function digestOfSources(folder: string): string {
  const found: string[] = [];
  const visit = (at: string, prefix: string): void => {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      const path = join(at, entry.name);
      if (ASIDE.test(entry.name)) continue;
      if (entry.isFile()) found.push(`${prefix}${entry.name} ${hashFile(path)}`);
      else if (entry.isDirectory() && !existsSync(join(path, 'pyvenv.cfg'))) visit(path, `${prefix}${entry.name}/`);
    }
  };
  if (existsSync(folder)) visit(folder, '');
  return sha256(found.sort().join('\n'));
}
