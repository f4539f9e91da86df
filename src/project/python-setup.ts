import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { namesIn } from '../files/folder.ts';
import { isObject } from '../files/json.ts';
import { readYamlFile } from '../load/yaml/file.ts';
import { findUv } from '../setup/uv.mjs';
import { counted } from '../text/amounts.ts';
import type { SetupItem } from './doctor.ts';
import { environmentsFolder } from './provision.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** Whether uv is there, and how many environments it has built. Nothing is wrong where it is not: it is brought when it is needed. */
export function uvItem(environment: Variables): SetupItem {
  const found = findUv();
  if (found === undefined)
    return {
      name: 'uv',
      ok: true,
      optional: true,
      detail: 'not set up: it is brought when an environment of Python is first built',
      hint: 'npx stillroom doctor --uv (18 MB)',
    };
  const folder = environmentsFolder(environment);
  const built = namesIn(folder).filter((name) => name !== 'locks' && existsSync(join(folder, name, 'stillroom-built.json'))).length;
  const where = built === 0 ? '' : `; ${counted(built, 'environment')} of Python in ${folder}`;
  return { name: 'uv', ok: true, detail: `${found.version}, in ${found.path}${where}` };
}

const PYTHON = /(?:^|\/)(?:python|pypy)[\d.]*$/;

/** The nodes of a pipeline file of which the interpreter counts, and the packages that it finds do not. */
function looseNodes(file: string): string[] {
  const { value } = readYamlFile(file, file);
  if (!isObject(value) || 'environment' in value || !isObject(value['stages'])) return [];
  return Object.entries(value['stages']).flatMap(([name, node]) => {
    if (!isObject(node) || (node['environment'] !== undefined && node['environment'] !== 'none')) return [];
    const tools = Array.isArray(node['tools']) ? (node['tools'] as readonly unknown[]) : [];
    const isLoose = tools.some((tool) => typeof tool === 'string' && PYTHON.test(tool)) && tools.every((tool) => typeof tool === 'string');
    return isLoose ? [name] : [];
  });
}

/** A word on the project's commands of which Python packages are not seen; undefined where all are, or there are none. */
export function packagesItem(root: string, files: readonly string[], environment: Variables): SetupItem | undefined {
  const found = files.flatMap((file) => looseNodes(file).map((node) => `${node} of ${relative(root, file)}`));
  if (found.length === 0) return undefined;
  const shown = found.length > 2 ? `${found.slice(0, 2).join(', ')} and ${found.length - 2} more` : found.join(', ');
  const conda = environment['CONDA_PREFIX'] === undefined ? '' : '; those of the active Conda environment neither';
  return {
    name: 'Python packages',
    ok: true,
    optional: true,
    detail: `those of ${shown} do not count: another version reruns nothing${conda}`,
    hint: 'write environment: { python: requirements.txt }, or { venv: .venv } for one of your own',
  };
}
