const UNITS: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4, s: 1, m: 60, h: 3600 };

/** The pattern of sizes that people write. */
export const SIZE = '^[0-9]+(\\.[0-9]+)?(KiB|MiB|GiB)$';

/** The pattern of times that people write. */
export const TIME = '^[0-9]+(\\.[0-9]+)?(s|m|h)$';

/** A count with its noun: `1 node`, `3 nodes`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** What a size or a time comes to, in bytes or seconds: `2GiB`, `90s`. */
export function amount(text: string): number {
  const [, number = '0', unit = ''] = /^([0-9.]+)(.*)$/.exec(text) ?? [];
  return Number(number) * (UNITS[unit] ?? 1);
}

/** Bytes as a person reads them: `512 bytes`, `1.5 KiB`, `47 MiB`. */
export function bytesText(bytes: number): string {
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let [value, unit] = [bytes, counted(bytes, 'byte').replace(/^\S+ /, '')];
  // What would be rounded up to 1024 is one of the next unit.
  while (Math.round(value) >= 1024 && units.length > 0) [value, unit] = [value / 1024, units.shift() ?? ''];
  return `${value === bytes || value >= 9.95 ? Math.round(value) : value.toFixed(1)} ${unit}`;
}
