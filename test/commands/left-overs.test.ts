import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { asAnotherUser, called, emptyFolder, giveAway, stillroom, write } from '../rig.ts';

const otherUser = asAnotherUser();

/** A project whose only node runs a command that writes into the folder `$d`. */
function project(command: string): string {
  const folder = emptyFolder();
  const script = JSON.stringify(command);
  write(folder, { 'package.json': '{}', 'p.yaml': `name: p\nstages:\n  a:\n    run: ${script}\n    out: { d: d/ }\n` });
  return folder;
}

const DEEP =
  'cd "$d"; for i in $(seq 40); do mkdir -p $(printf "0123456789/%.0s" $(seq 10)); cd $(printf "0123456789/%.0s" $(seq 10)); done; echo 1 > f';

test('an output nested deeper than a path can name fails its node in few words, and stands in no one’s way', async () => {
  const folder = project(DEEP);
  for (const args of [
    ['run', 'p.yaml', '--json'],
    ['run', 'p.yaml', '--force', 'a', '--json'],
  ]) {
    const { code, json } = await called(folder, args);
    expect(code).toBe(1);
    expect(json.error).toMatchObject({ code: 'refused-file', message: expect.stringContaining('it lies too deep') });
    expect(json.error?.message.length).toBeLessThan(400);
  }
  expect((await called(folder, ['gc'])).code).toBe(0);
  expect(readdirSync(join(folder, 'artifacts/scratch'))).toEqual([]);
});

test.runIf(otherUser !== undefined)('read-only folders that a command leaves are removed with its workplace', async () => {
  const folder = project('mkdir -p cache/mod; echo 1 > cache/mod/f; chmod -R a-w cache; echo ok > "$d/o"');
  giveAway(folder);
  const options = { wrapper: otherUser ?? [], env: { XDG_CACHE_HOME: join(folder, 'cache-home') } };
  expect((await stillroom(folder, ['run', 'p.yaml', '--json'], options)).json).toMatchObject({ executed: ['a'] });
  expect((await stillroom(folder, ['gc'], options)).code).toBe(0);
  expect(readdirSync(join(folder, 'artifacts/scratch'))).toEqual([]);
});
