import { describe, expect, test } from 'vitest';
import { satisfies } from '../../../src/code/python/interpreters.ts';
import { packagesOf, readLock, readPylock } from '../../../src/code/python/locked.ts';

const [A, B] = ['a'.repeat(64), 'b'.repeat(64)];

describe('a lock', () => {
  test('has one form, however it is written', () => {
    const spread = `# made by pip-compile\nSome_Tool==1.0 ; python_version > "3" \\\n    --hash=sha256:${B} \\\n    --hash=sha256:${A}\n    # via x\na-b==2 --hash=sha256:${A}\n`;
    const text = `a-b==2 --hash=sha256:${A}\nsome-tool==1.0 ; python_version > "3" --hash=sha256:${A} --hash=sha256:${B}\n`;
    expect(readLock(spread)).toEqual({ text });
    expect(readLock(text)).toEqual({ text });
  });

  test('names packages by version, and tells apart what is of the same version', () => {
    const one = packagesOf(`a==1 --hash=sha256:${A}\nb==2 ; x --hash=sha256:${A}\nb==3 ; y --hash=sha256:${B}\n`);
    expect(Object.keys(one)).toEqual(['a', 'b']);
    expect(one['a']).toMatch(/^1 [0-9a-f]{12}$/);
    expect(one['b']).toMatch(/^2,3 [0-9a-f]{12}$/);
    expect(packagesOf(`a==1 --hash=sha256:${B}\n`)['a']).not.toBe(one['a']);
  });

  test.each([
    [`numpy>=1 --hash=sha256:${A}`, 'is no package of a known version'],
    ['numpy==1', 'numpy has no hash'],
    [`numpy==1.* --hash=sha256:${A}`, 'numpy is given no one version'],
    [`a @ file:///home/me/a.whl --hash=sha256:${A}`, 'a lies on this machine'],
    ['a @ git+https://example.org/a@main', 'a has no hash'],
    [`a @ git+https://token@example.org/a@${'c'.repeat(40)}`, 'holds a name or password'],
    ['--index-url https://example.org', 'is no package of a known version'],
    ['-e .', 'is no package of a known version'],
  ])('is none where what is installed could differ: %s', (line, flaw) => {
    expect(readLock(line)).toEqual({ flaw: expect.stringContaining(flaw) });
  });

  test('may be what an address or a commit holds', () => {
    const lines = [`a @ https://example.org/a.whl --hash=sha256:${A}`, `b @ git+ssh://git@example.org/b@${'c'.repeat(40)}`];
    expect(readLock(lines.join('\n'))).toEqual({ text: `${lines.join('\n')}\n` });
  });

  test('may be a pylock.toml, but not of what lies on this machine', () => {
    const head = 'lock-version = "1.0"\n[[packages]]\nname = "A.b"\nversion = "1"\n';
    const files = `sdist = { hashes = { sha256 = "${A}" } }\nwheels = [{ url = "https://example.org/x", hashes = { sha256 = "${B}" } }]\n`;
    expect(readPylock(`${head}marker = "os_name == 'posix'"\n${files}`)).toEqual({
      text: `a-b==1 ; os_name == 'posix' --hash=sha256:${A} --hash=sha256:${B}\n`,
    });
    expect(readPylock(`${head}directory = { path = "." }\n`)).toEqual({ flaw: 'A.b lies on this machine' });
    expect(readPylock('= 1')).toEqual({ flaw: expect.stringContaining('it is no TOML') });
  });
});

test.each([
  ['3.11.7', '>=3.11', true],
  ['3.10.13', '>=3.11', false],
  ['3.12.0', '>=3.10,<3.12', false],
  ['3.11.9', '>=3.10, <3.12', true],
  ['3.11.9', '==3.11.*', true],
  ['3.12.1', '==3.11.*', false],
  ['3.12.1', '~=3.10', true],
  ['3.11.1', '~=3.10.2', false],
  ['3.11.1', '!=3.11.1', false],
  ['3.11.1', '>3.11.1', false],
  ['3.11.1', '<=3.11.1', true],
])('Python %s is one of %s: %s', (version, requires, is) => {
  expect(satisfies(version, requires)).toBe(is);
});
