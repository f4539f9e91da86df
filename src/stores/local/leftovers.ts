import { existsSync, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { isPart } from '../../files/durable.ts';

/** Folders in which files are written by renaming them; those of the last are looked at with all that is below. */
const WRITTEN = [
  '',
  'runs',
  join('runs', 'nodes'),
  'results',
  'tags',
  'pins',
  'bundles',
  join('bundles', 'raw'),
  'sources',
  'segments',
  'sweeps',
  'latest',
];
const WRITTEN_BELOW = ['blobs', 'index'];

/** What is published lies in folders of such names, with a note and for a moment a link beside each. */
const PUBLICATION = /^(\..+-[0-9a-f]{8})(?:\.json|\.link)?$/;

function partsIn(root: string, folder: string): string[] {
  const path = join(root, folder);
  return existsSync(path)
    ? readdirSync(path)
        .filter(isPart)
        .map((name) => join(folder, name))
    : [];
}

function partsBelow(root: string, folder: string): string[] {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  const inner = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...partsIn(root, folder), ...inner.flatMap(({ name }) => partsBelow(root, join(folder, name)))];
}

/** Folders that were published once, or nearly, and to which nothing leads any more. */
function unpublished(root: string): string[] {
  const folder = join(root, 'latest');
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const isLink = (name: string): boolean => lstatSync(join(folder, name)).isSymbolicLink();
  const published = new Set(
    names.filter((name) => !name.endsWith('.link') && isLink(name)).map((name) => readlinkSync(join(folder, name))),
  );
  return names
    .filter((name) => {
      const [, own] = PUBLICATION.exec(name) ?? [];
      return own !== undefined && (name.endsWith('.link') || (!published.has(own) && !isLink(name)));
    })
    .map((name) => join('latest', name));
}

/** What killed processes left half written in a store that no one else uses, relative to it. */
export function leftovers(root: string): string[] {
  return [
    ...WRITTEN.flatMap((folder) => partsIn(root, folder)),
    ...WRITTEN_BELOW.flatMap((folder) => partsBelow(root, folder)),
    ...unpublished(root),
  ];
}
