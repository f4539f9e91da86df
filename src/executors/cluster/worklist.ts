import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { jsonNamesIn, makeFolders, namesIn } from '../../files/folder.ts';
import { ifThere } from '../../files/if-there.ts';
import { isObject } from '../../files/json.ts';
import { removeFile } from '../../files/remove-file.ts';
import { lookAnewAt } from '../../files/shared-file-system.ts';
import { readSealed, writeSealedNote } from '../../files/sealed.ts';

// A list of attempts that are ready, for jobs that execute one after another. Who has an attempt `ownership.ts` decides; the list only says
// where there are some. What is to do lies in one folder, and what a job has taken in another, each attempt as a file: one rename takes it.

const TODO = 'todo';
const TAKEN = 'taken';

/** An attempt on a list. */
export interface Entry {
  /** The attempt's folder. */
  readonly folder: string;
  /** The lock on its work, where that is inherited; else empty. */
  readonly lock: string;
}

/** One that has been taken off a list, under its name there. */
export interface TakenEntry extends Entry {
  readonly name: string;
}

function fileOf(list: string, place: string, name: string): string {
  return join(list, place, `${name}.json`);
}

function isEntry(value: unknown): value is Entry {
  return isObject(value) && typeof value['folder'] === 'string' && typeof value['lock'] === 'string';
}

/** Makes an empty list. */
export function makeWorklist(folder: string): void {
  makeFolders(folder);
  for (const name of [TODO, TAKEN]) mkdirSync(join(folder, name), { recursive: true });
}

/** Puts an attempt on a list, under a name by whose order it is taken. Once more, where it is to be taken again. */
export function addEntry(list: string, name: string, entry: Entry): void {
  removeFile(fileOf(list, TAKEN, name));
  writeSealedNote(fileOf(list, TODO, name), entry);
}

/** Takes an attempt off a list that nobody has taken. */
export function withdrawEntry(list: string, name: string): void {
  removeFile(fileOf(list, TODO, name));
}

/** The names of what nobody has taken yet. Nothing where there is no list any more. */
export function entriesLeft(list: string): readonly string[] {
  return jsonNamesIn(join(list, TODO));
}

/** The names of what was taken by someone who has not said that it is done with. */
export function entriesTaken(list: string): readonly string[] {
  return jsonNamesIn(join(list, TAKEN));
}

/** Sees what other machines have done to a list. */
export function lookAnewAtList(list: string): void {
  for (const name of [TODO, TAKEN]) lookAnewAt(join(list, name));
}

/** So many of the first are chosen from, so that not all want the same. */
const CHOICE = 16;

/** Takes one of the first attempts off a list; `none` where there is nothing to do, `closed` where there is no list any more. */
export function takeEntry(list: string): TakenEntry | 'none' | 'closed' {
  for (;;) {
    const names = entriesLeft(list);
    const name = names[Math.floor(Math.random() * Math.min(names.length, CHOICE))];
    if (name === undefined) return namesIn(list).includes(TODO) ? 'none' : 'closed';
    const taken = fileOf(list, TAKEN, name);
    const isTaken = ifThere(() => {
      renameSync(fileOf(list, TODO, name), taken);
      return true;
    });
    if (isTaken === undefined) {
      lookAnewAtList(list);
      continue;
    }
    const entry = readSealed(taken, isEntry);
    if (entry !== undefined) return { ...entry, name };
    removeFile(taken);
  }
}

/** Says that whoever executed an attempt has done with it. */
export function doneWith(list: string, { name }: TakenEntry): void {
  removeFile(fileOf(list, TAKEN, name));
}

/** Jobs that were submitted to work through a list. */
export interface CrewNote {
  readonly id: string;
  readonly name: string;
}

const CREW = 'crew-';

function isCrew(value: unknown): value is CrewNote {
  return isObject(value) && typeof value['id'] === 'string' && typeof value['name'] === 'string';
}

/** Writes down which jobs work through a list, for who comes after this coordinator. */
export function noteCrew(list: string, crew: CrewNote): void {
  writeSealedNote(join(list, `${CREW}${crew.id}.json`), crew);
}

/** The jobs that were submitted to work through a list. */
export function crewsOf(list: string): readonly CrewNote[] {
  return jsonNamesIn(list).flatMap((name) => (name.startsWith(CREW) ? (readSealed(join(list, `${name}.json`), isCrew) ?? []) : []));
}
