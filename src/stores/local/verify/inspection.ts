import { randomBytes } from 'node:crypto';
import { existsSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { makeFolder } from '../../../files/durable.ts';
import { namesIn } from '../../../files/folder.ts';
import { removeTree } from '../../../files/remove.ts';
import type { Finding } from '../../../model/upkeep.ts';

/** What is wrong with something, but for how. */
export type Story = Omit<Finding, 'damage'>;

/** What is looked at in a store, and what is found. Whatever lies there, nothing is thrown: what cannot be read is damaged. */
export class Inspection {
  readonly root: string;
  readonly findings: Finding[] = [];
  /** How much was looked at. */
  checked = 0;
  /** The bytes of contents that were found whole. */
  bytes = 0;
  private readonly named = new Set<string>();

  constructor(root: string) {
    this.root = root;
  }

  /** The names in a folder of the store. */
  names(folder: string): string[] {
    try {
      return namesIn(join(this.root, folder));
    } catch (error) {
      this.find(
        { kind: 'folder', id: folder, name: `folder ${folder}`, cost: `what is in it was not looked at: ${wordOf(error)}` },
        'damaged',
      );
      return [];
    }
  }

  /** What is read, one thing more that is looked at; undefined where it is not whole, or cannot be read. */
  look<Value>(read: () => Value | undefined): Value | undefined {
    this.checked += 1;
    return this.attempt(read);
  }

  /** What is read of something that is looked at elsewhere. */
  attempt<Value>(read: () => Value | undefined): Value | undefined {
    try {
      return read();
    } catch (error) {
      wordOf(error);
      return undefined;
    }
  }

  /** Notes that something is damaged or missing, once. */
  find(story: Story, damage: Finding['damage']): void {
    const key = `${story.kind} ${story.id}`;
    if (this.named.has(key)) return;
    this.named.add(key);
    this.findings.push({ ...story, damage });
  }

  /** Notes that a file is damaged, and moves it to quarantine; where it cannot be moved it is found again the next time. */
  quarantine(file: string, story: Story): void {
    this.find(story, 'damaged');
    this.move(file, story.kind);
  }

  /** Moves a file or folder to quarantine, if it can be moved. */
  move(file: string, kind: string): void {
    this.attempt(() => {
      makeFolder(join(this.root, 'quarantine'));
      renameSync(join(this.root, file), join(this.root, 'quarantine', `${kind}-${basename(file)}-${randomBytes(4).toString('hex')}`));
    });
  }

  /** Notes that something is damaged that is made again at no cost, and removes it. */
  discard(file: string, story: Story): void {
    this.find(story, 'damaged');
    removeTree(join(this.root, file));
  }

  /** Whether there is a folder or file in the store. */
  has(path: string): boolean {
    return existsSync(join(this.root, path));
  }
}

/** The system's word for why something failed; throws what is no error of the system. */
function wordOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined || !/^E[A-Z0-9]+$/.test(code)) throw error;
  return code;
}
