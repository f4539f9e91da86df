import { existsSync, readdirSync } from 'node:fs';

/**
 * The accelerators that nodes may use, as CUDA_VISIBLE_DEVICES names them: those of STILLROOM_DEVICES (names with commas between, which need
 * not exist: for tests), else those that CUDA_VISIBLE_DEVICES leaves, else all of the machine.
 */
export function devicesOf(environment: Readonly<Record<string, string | undefined>>): string[] {
  const given = environment['STILLROOM_DEVICES'] ?? environment['CUDA_VISIBLE_DEVICES'];
  if (given !== undefined)
    return given
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '' && name !== '-1');
  const found = existsSync('/dev') ? readdirSync('/dev').filter((name) => /^(?:nvidia\d+|dxg)$/.test(name)) : [];
  // What is numbered otherwise outside a container is counted from 0 inside.
  return found.map((_, index) => String(index));
}
