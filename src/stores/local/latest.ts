import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  constants,
} from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { canonicalJson } from '../../model/canonical.ts';
import type { Artifact } from '../../model/artifact.ts';
import { stampTree } from './folders.ts';

/** A name that is safe as a folder's: what stands out in a path is written as %XX. */
export function folderName(name: string): string {
  return name
    .replaceAll(/[^A-Za-z0-9._=,[\]-]/g, (char) => [...Buffer.from(char)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''))
    .replace(/^\.+$/, '%2e');
}

/** What a published folder holds, and how its files stood. */
interface Content {
  readonly outputs: Readonly<Record<string, string>>;
  readonly stamp: string;
}

/** The folders in which users find outputs: `latest/<pipeline>/<node>/<port>`, swapped as one. */
export class Latest {
  private readonly root: string;
  private readonly place: (artifact: Artifact, path: string) => void;

  constructor(root: string, place: (artifact: Artifact, path: string) => void) {
    this.root = join(root, 'latest');
    this.place = place;
  }

  /** Outputs by node and port. Nodes that are not named stay as they are. Returns the path of each `node.port`. */
  publish(pipeline: string, outputs: ReadonlyMap<string, ReadonlyMap<string, Artifact>>): ReadonlyMap<string, string> {
    const link = join(this.root, folderName(pipeline));
    const paths = new Map<string, string>();
    const digests: Record<string, string> = {};
    for (const [node, ports] of outputs) {
      for (const [port, artifact] of ports) {
        const inside = join(folderName(node), `${port}${artifact.suffix}`);
        paths.set(`${node}.${port}`, join(link, inside));
        digests[inside] = artifact.digest;
      }
    }
    const old = lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() === true ? join(this.root, readlinkSync(link)) : undefined;
    const before = old === undefined ? undefined : this.content(old);
    const untouched = old !== undefined && before !== undefined && before.stamp === stampTree(old);
    const isWithin = untouched && Object.entries(digests).every(([inside, digest]) => before.outputs[inside] === digest);
    if (isWithin) return paths;
    this.swap(pipeline, link, old, outputs, { ...(old !== undefined && existsSync(old) ? before?.outputs : {}), ...digests });
    return paths;
  }

  private swap(
    pipeline: string,
    link: string,
    old: string | undefined,
    outputs: ReadonlyMap<string, ReadonlyMap<string, Artifact>>,
    digests: Readonly<Record<string, string>>,
  ): void {
    const name = `.${folderName(pipeline)}-${randomBytes(4).toString('hex')}`;
    const fresh = join(this.root, name);
    mkdirSync(fresh, { recursive: true });
    for (const [node, ports] of outputs) {
      for (const [port, artifact] of ports) this.place(artifact, join(fresh, folderName(node), `${port}${artifact.suffix}`));
    }
    const named = new Set([...outputs.keys()].map(folderName));
    for (const kept of old === undefined || !existsSync(old) ? [] : readdirSync(old)) {
      if (!named.has(kept)) cpSync(join(old ?? '', kept), join(fresh, kept), { recursive: true, mode: constants.COPYFILE_FICLONE });
    }
    writeFileSync(`${fresh}.json`, canonicalJson({ outputs: digests, stamp: stampTree(fresh) }));
    symlinkSync(name, `${fresh}.link`);
    renameSync(`${fresh}.link`, link);
    if (old !== undefined) {
      rmSync(old, { recursive: true, force: true });
      rmSync(`${old}.json`, { force: true });
    }
  }

  private content(folder: string): Content | undefined {
    const file = `${folder}.json`;
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Content) : undefined;
  }
}
