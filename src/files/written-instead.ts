import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { nearest } from '../text/suggestion.ts';

/** Names of a folder that are compared. */
const MOST = 1000;

/** What a program may have written in place of a file that it should have: what lies in its folder under nearly that name, or its stem. */
export function writtenInstead(folder: string, path: string): string | undefined {
  const names = readdirSync(folder).slice(0, MOST);
  const name = basename(path);
  const stem = (one: string): string => one.replace(/\.[^.]*$/, '');
  return nearest(name, names) ?? names.find((one) => one !== path && stem(one) === stem(name));
}
