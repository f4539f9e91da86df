import { dirname, join } from 'node:path';
import { keepNewest } from '../files/newest.ts';
import { readSummed, writeSummedNote } from '../files/sealed.ts';
import { hashedMember, hashOfMembers } from '../model/run-hash.ts';
import { codeMember } from '../model/run-row.ts';
import type { RunNode, RunRecord } from '../model/run.ts';
import type { Store } from '../model/store.ts';

/** What the hash and the row of a run are made of, a line for each of its nodes, so that another run's are made without reading the nodes. */
export class RunMembers {
  /** Lines of `hashedMember`, in the order of names, and lines of `codeMember`, in the order of the nodes; each begins a line and ends one. */
  private hashed: string;
  private code: string;

  private constructor(hashed: string, code: string) {
    this.hashed = hashed;
    this.code = code;
  }

  /** Those of nodes that are kept in a file, by its digest, noted once. Undefined where the file is lost or damaged. */
  static of(digest: string, { cache, runs }: Store): RunMembers | undefined {
    const path = join(cache, 'run-members', digest);
    const [hashed, code] = readSummed(path)?.toString('utf8').split('\0') ?? [];
    if (hashed !== undefined && code !== undefined) return new RunMembers(hashed, code);
    const nodes = runs.nodesOf(digest);
    if (nodes === undefined) return undefined;
    const made = RunMembers.from(nodes);
    writeSummedNote(path, [Buffer.from(`${made.hashed}\0${made.code}`)]);
    keepNewest(dirname(path));
    return made;
  }

  private static from(nodes: RunRecord['nodes']): RunMembers {
    const names = Object.keys(nodes);
    const code = names.map((name) => codeMember(name, nodes[name] as RunNode));
    const hashed = names.toSorted().map((name) => hashedMember(name, nodes[name] as RunNode));
    return new RunMembers(`\n${hashed.join('\n')}\n`, `\n${code.join('\n')}\n`);
  }

  /** Puts a node that came out otherwise in the place of the former one. */
  change(name: string, node: RunNode): void {
    this.hashed = withLine(this.hashed, `${JSON.stringify(name)}:`, hashedMember(name, node));
    this.code = withLine(this.code, `[${JSON.stringify(name)},`, codeMember(name, node));
  }

  /** The hash of the run. */
  hash(format: number): string {
    return hashOfMembers(joined(this.hashed), format);
  }

  /** What the row of the run takes of its code. */
  get codeMembers(): string {
    return joined(this.code);
  }
}

/** A text in which another line stands in the place of the one that begins so. No line of JSON holds the end of one. */
function withLine(text: string, start: string, line: string): string {
  const at = text.indexOf(`\n${start}`);
  return at === -1 ? text : `${text.slice(0, at)}\n${line}${text.slice(text.indexOf('\n', at + 1))}`;
}

function joined(lines: string): string {
  return lines.slice(1, -1).replaceAll('\n', ',');
}
