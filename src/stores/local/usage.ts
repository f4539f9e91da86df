import { join } from 'node:path';
import { namesIn } from '../../files/folder.ts';
import type { Room, Usage } from '../../model/upkeep.ts';
import { findGarbage, type Parts } from './gc.ts';
import { SEGMENTS } from './segments/segment.ts';
import { TakenRoom } from './taken-room.ts';

/** What the folders of a store are for. What is linked to elsewhere counts where it is named first. */
const ROOMS: Readonly<Record<string, Room>> = {
  blobs: 'outputs',
  [SEGMENTS]: 'small content',
  results: 'small content',
  checkpoints: 'checkpoints',
  logs: 'logs',
  latest: 'latest',
  runs: 'records',
  bundles: 'records',
  sources: 'records',
  sweeps: 'records',
  tags: 'records',
  pins: 'records',
  locks: 'records',
  scratch: 'scratch',
  quarantine: 'quarantine',
  index: 'index',
  node_modules: 'index',
  'pipeline.schema.json': 'index',
  'project.schema.json': 'index',
  '.gitignore': 'index',
};

/** What takes how much room in a store. */
export function usageOf(parts: Parts): Usage {
  const { root, blobs } = parts;
  const taken = new TakenRoom();
  const bytes = new Map<Room, number>();
  const add = (room: Room, size: number): void => void bytes.set(room, (bytes.get(room) ?? 0) + size);
  const names = namesIn(root);
  const known = Object.keys(ROOMS).filter((name) => names.includes(name));
  for (const name of [...known, ...names.filter((one) => !Object.hasOwn(ROOMS, one))])
    add(ROOMS[name] ?? 'other', taken.add(join(root, name)));
  // The bytes of kept sources lie among those of outputs.
  const packs = new Set(namesIn(join(root, 'sources')).map((name) => parts.sources.record(name.replace(/\.json$/, ''))?.pack));
  for (const pack of packs) {
    if (pack === undefined || blobs.apart([pack]).length === 0) continue;
    add('sources', blobs.size(pack));
    add('outputs', -blobs.size(pack));
  }
  const rooms = [...bytes].filter(([, size]) => size > 0).map(([room, size]) => ({ room, bytes: size }));
  return {
    rooms: rooms.sort((a, b) => b.bytes - a.bytes),
    bytes: rooms.reduce((sum, room) => sum + room.bytes, 0),
    reclaimable: findGarbage(parts, { runs: undefined, days: undefined }).bytes,
  };
}
