import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { bringUv, findUv } from '../../src/setup/uv.mjs';
import { uvFor, uvProgram, uvVersion } from '../../src/setup/wheels.mjs';
import { temporaryFolder } from './rig.ts';

afterEach(() => vi.unstubAllEnvs());

/** A PATH with programs that are shell scripts, beside what the system has. */
function withPrograms(scripts: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  vi.stubEnv('PATH', `${folder}:/usr/bin:/bin`);
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
  return folder;
}

/** Writes what set-up leaves of uv in the cache. */
function brought(folder: string): string {
  const place = join(folder, 'cache/stillroom/engine', uvFor()?.folder ?? '');
  mkdirSync(join(place, 'bin'), { recursive: true });
  writeFileSync(join(place, uvProgram), 'uv');
  writeFileSync(join(place, 'contents.json'), JSON.stringify({ format: 1, version: uvVersion, files: { [uvProgram]: 2 } }));
  return join(place, uvProgram);
}

describe.skipIf(uvFor() === undefined)('uv', () => {
  test.each([
    ['0.13.8', false],
    ['0.9.99', false],
    [uvVersion, true],
    ['0.14.0', true],
    ['1.0.0', true],
  ])('of PATH serves from the pinned version on: %s', (version, serves) => {
    const folder = withPrograms({ uv: `echo "uv ${version} (x86_64)"` });
    expect(findUv()).toEqual(serves ? { path: join(folder, 'uv'), version } : undefined);
  });

  test('of PATH that does not run counts as none', () => {
    withPrograms({ uv: 'exit 1' });
    expect(findUv()).toBeUndefined();
  });

  test('that set-up brought comes before that of PATH, as long as it is whole', () => {
    const folder = withPrograms({ uv: 'echo uv 9.0.0' });
    const own = brought(folder);
    expect(findUv()).toEqual({ path: own, version: uvVersion });
    writeFileSync(own, 'damaged');
    expect(findUv()?.version).toBe('9.0.0');
  });

  test('that cannot be brought says what to do', async () => {
    const script = 'case "$*" in *--version*) exit 0;; esac; echo "no such index" >&2; exit 1';
    withPrograms({ python3: script, uv: 'echo uv 0.1.0' });
    await expect(bringUv(() => undefined, new AbortController().signal)).rejects.toMatchObject({
      message: `pip could not download uv==${uvVersion}:`,
      remedy: expect.arrayContaining(['  no such index', `Have uv ${uvVersion} or newer in PATH: pip install 'uv>=${uvVersion}'`]),
    });
  });

  test('has a wheel for each kind of machine that is named, and for no other', () => {
    for (const machine of ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64']) {
      const [wheel] = uvFor(machine)?.wheels ?? [];
      expect(wheel?.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(wheel?.take(`uv-${uvVersion}.data/scripts/uv`)).toBe(uvProgram);
      expect(wheel?.take(`uv-${uvVersion}.data/scripts/uvx`)).toBeUndefined();
    }
    expect(uvFor('sunos-x64')).toBeUndefined();
  });
});
