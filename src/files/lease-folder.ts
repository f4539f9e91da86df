import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurably } from './durable.ts';
import { isObject, readJson } from './json.ts';

/** Seconds without a sign after which the holder of a lease counts as gone. */
const SILENCE = 60;

const SETTINGS = 'settings.json';

interface Settings {
  /** Seconds without a sign after which a holder counts as gone: the same for all who use the folder. */
  readonly silence: number;
}

function isSettings(value: unknown): value is Settings {
  return isObject(value) && typeof value['silence'] === 'number' && value['silence'] > 0;
}

/** Whether a folder's locks are leases, for everyone who uses it. */
export function hasLeases(folder: string): boolean {
  return existsSync(join(folder, SETTINGS));
}

/** Makes leases of a folder's locks, for everyone who uses it from now on. */
export function makeLeases(folder: string, silence = SILENCE): void {
  if (!hasLeases(folder)) writeDurably(join(folder, SETTINGS), `${JSON.stringify({ silence })}\n`);
}

/** Seconds without a sign after which whoever holds a lease of a folder counts as gone. */
export function silenceOf(folder: string): number {
  return readJson(join(folder, SETTINGS), isSettings)?.silence ?? SILENCE;
}
