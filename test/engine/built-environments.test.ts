import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { called, edit, emptyFolder, write } from '../rig.ts';
import { isWithoutUv, makeWheel } from './wheels.ts';

let folder: string;
let env: Record<string, string>;

const ask = (args: readonly string[], from = folder) => called(from, [...args, '--json'], { env });
const plan = async (...args: string[]) => (await ask(['plan', 'pipeline.yaml', ...args])).json;
const run = (...args: string[]) => ask(['run', 'pipeline.yaml', ...args]);
const causes = async (...args: string[]) =>
  Object.fromEntries((await plan(...args)).nodes?.map(({ node, action, cause }) => [node, `${action}: ${cause}`]) ?? []);
const told = (): string => readFileSync(join(folder, 'artifacts/latest/p/work/out.txt'), 'utf8').trim();
const REUSED = 'reuse: nothing that counts has changed';

/** The folders of the environments that are built. */
const built = (): string[] => {
  const cache = join(env['XDG_CACHE_HOME'] ?? '', 'stillroom/environments');
  return existsSync(cache) ? readdirSync(cache).flatMap((name) => (name === 'locks' ? [] : [join(cache, name)])) : [];
};

const wheels = emptyFolder();

beforeAll(() => {
  makeWheel(wheels, 'some-tool', '1.0', ['other>=1']);
  makeWheel(wheels, 'other', '1.5');
});

beforeEach(() => {
  folder = emptyFolder();
  env = { XDG_CACHE_HOME: emptyFolder(), UV_OFFLINE: '1' };
  write(folder, {
    'package.json': '{}',
    'requirements.txt': '--no-index\n--find-links wheels\nsome-tool  # the newest\n',
    'pipeline.yaml': `name: p
stages:
  work:
    run: python -c 'import some_tool, other; print(some_tool.version, other.version)' > "$out"
    environment: { python: requirements.txt }
    out: { out: out.txt }
  plain:
    run: echo hello > "$out"
    out: { out: out.txt }
`,
  });
  cpSync(wheels, join(folder, 'wheels'), { recursive: true });
});

describe.skipIf(isWithoutUv)(`an environment that is built${isWithoutUv ? ' (npm run setup -- --uv sets up what this needs)' : ''}`, () => {
  test('is locked and built by a run, and counts by its packages until it is to be locked anew', async () => {
    expect(await causes()).toEqual({
      work: 'maybe: requirements.txt is not locked yet: a run does it',
      plain: 'run: it has not run before',
    });
    expect((await plan()).builds).toEqual([{ from: 'requirements.txt', nodes: ['work'], python: expect.stringMatching(/^3\./) }]);
    expect(built()).toEqual([]);
    expect((await run()).json.executed).toEqual(['work', 'plain']);
    expect(told()).toBe('1.0 1.5');
    expect((await plan('--force', 'work')).builds).toBeUndefined();
    for (const place of built()) rmSync(place, { recursive: true });
    expect((await plan('--force', 'work')).builds).toMatchObject([{ nodes: ['work'], packages: 2 }]);
    expect(await causes()).toEqual({ work: REUSED, plain: REUSED });
    edit(folder, 'requirements.txt', 'the newest', 'whatever');
    makeWheel(join(folder, 'wheels'), 'some-tool', '1.1', ['other>=1']);
    expect(await causes()).toEqual({ work: REUSED, plain: REUSED });
    expect((await causes('--refresh-environment'))['work']).toBe('maybe: requirements.txt is locked anew by a run');
    expect((await causes('--refresh-environment', '--force', 'work'))['work']).toBe('run: forced with --force');
    expect((await run('--refresh-environment')).json.executed).toEqual(['work']);
    expect(told()).toBe('1.1 1.5');
    const why = (await called(folder, ['why', '@latest'], { env })).stdout;
    expect(why).toContain('package some-tool');
    expect(why).toContain('1.0 → 1.1');
    expect(await causes()).toEqual({ work: REUSED, plain: REUSED });
  });

  test('is locked anew where its requirements ask for something else', async () => {
    await run();
    makeWheel(join(folder, 'wheels'), 'some-tool', '1.1', ['other>=1']);
    makeWheel(join(folder, 'wheels'), 'other', '1.6');
    edit(folder, 'requirements.txt', 'some-tool', 'some-tool>=1.1');
    expect((await causes())['work']).toBe('maybe: requirements.txt is not locked yet: a run does it');
    expect((await run()).json.executed).toEqual(['work']);
    // What need not change stays as it was.
    expect(told()).toBe('1.1 1.5');
    edit(folder, 'requirements.txt', 'some-tool>=1.1', 'some-tool');
    expect(await causes()).toEqual({ work: REUSED, plain: REUSED });
  });

  test('is built once for all projects, and again where it is not whole or was changed', async () => {
    await run();
    const [place = ''] = built();
    const other = emptyFolder();
    write(other, { 'package.json': '{}' });
    for (const file of ['pipeline.yaml', 'requirements.txt']) write(other, { [file]: readFileSync(join(folder, file), 'utf8') });
    cpSync(wheels, join(other, 'wheels'), { recursive: true });
    writeFileSync(join(place, 'mark'), '');
    expect((await ask(['run', 'pipeline.yaml'], other)).json.executed).toEqual(['work', 'plain']);
    expect(built()).toEqual([place]);
    expect(existsSync(join(place, 'mark'))).toBe(true);
    rmSync(join(place, 'stillroom-built.json'));
    expect((await run('--force', 'work')).code).toBe(0);
    expect(existsSync(join(place, 'mark'))).toBe(false);
    const site = join(place, 'lib', readdirSync(join(place, 'lib'))[0] ?? '', 'site-packages');
    write(site, { 'more-1.dist-info/METADATA': 'Name: more\nVersion: 1\n', 'more-1.dist-info/RECORD': '' });
    expect((await run('--force', 'work')).code).toBe(0);
    expect(existsSync(join(site, 'more-1.dist-info'))).toBe(false);
  });

  test('is built again from a pack, in an empty folder with nothing built or noted', async () => {
    await run();
    // What a store can make again may be missing; what it was locked to is content of the run.
    rmSync(join(folder, 'artifacts/index'), { recursive: true, force: true });
    makeWheel(join(folder, 'wheels'), 'some-tool', '1.1', ['other>=1']);
    expect(await causes()).toEqual({ work: REUSED, plain: REUSED });
    expect((await called(folder, ['gc'], { env })).code).toBe(0);
    expect((await called(folder, ['verify'], { env })).code).toBe(0);
    expect((await called(folder, ['pack', '@latest', '--output', 'run.pack'], { env })).code).toBe(0);
    const elsewhere = emptyFolder();
    write(elsewhere, { 'package.json': '{}', 'run.pack': readFileSync(join(folder, 'run.pack')) });
    env = { ...env, XDG_CACHE_HOME: emptyFolder(), UV_FIND_LINKS: join(folder, 'wheels'), UV_NO_INDEX: '1' };
    const { code, json } = await ask(['reproduce', '--from', 'run.pack'], elsewhere);
    expect(code, JSON.stringify(json)).toBe(0);
    expect(built()).toHaveLength(1);
  });

  test('fails its node with the words of uv where it cannot be built', async () => {
    const digest = '0'.repeat(64);
    write(folder, { 'requirements.txt': `--no-index\n--find-links wheels\nsome-tool==1.0 --hash=sha256:${digest}\n` });
    const { code, json } = await run('--keep-going');
    expect(code).not.toBe(0);
    expect(json).toMatchObject({ executed: ['plain'], failed: ['work'], error: { code: 'environment-failed' } });
    expect(json.error?.hint).toMatch(/uv says:(?:.|\n)*hash/i);
  });

  test('takes its packages from the lock of a project, which must fit it, and a Python that the project is for', async () => {
    const project = (dependencies: string, python = '>=3.8'): string =>
      `[project]\nname = "p"\nversion = "1"\nrequires-python = "${python}"\ndependencies = [${dependencies}]\n`;
    const locked = (name: string, version: string, more: string): string => {
      const file = `${name.replace('-', '_')}-${version}-py3-none-any.whl`;
      const hash = createHash('sha256')
        .update(readFileSync(join(folder, 'wheels', file)))
        .digest('hex');
      const from = 'source = { registry = "https://pypi.org/simple" }';
      return `[[package]]\nname = "${name}"\nversion = "${version}"\n${from}\n${more}wheels = [{ url = "https://example.org/${file}", hash = "sha256:${hash}" }]\n`;
    };
    write(folder, {
      'pyproject.toml': project('"some-tool"'),
      'uv.lock': `version = 1
requires-python = ">=3.8"
${locked('other', '1.5', '')}
${locked('some-tool', '1.0', 'dependencies = [{ name = "other" }]\n')}
[[package]]
name = "p"
version = "1"
source = { virtual = "." }
dependencies = [{ name = "some-tool" }]
[package.metadata]
requires-dist = [{ name = "some-tool" }]
`,
    });
    env = { ...env, UV_FIND_LINKS: join(folder, 'wheels') };
    edit(folder, 'pipeline.yaml', 'requirements.txt', 'uv.lock');
    // Nothing of it needs the network, so a plan knows it.
    expect((await causes())['work']).toBe('run: it has not run before');
    expect((await run()).code).toBe(0);
    expect(told()).toBe('1.0 1.5');
    edit(folder, 'pipeline.yaml', 'uv.lock', 'pyproject.toml');
    expect((await causes())['work']).toBe(REUSED);
    edit(folder, 'pipeline.yaml', 'python: pyproject.toml', 'python: pyproject.toml, groups: [plots]');
    expect((await plan()).error).toMatchObject({ message: 'the project of pyproject.toml has no extra or group "plots"', line: 5 });
    edit(folder, 'pipeline.yaml', ', groups: [plots]', '');
    write(folder, { 'pyproject.toml': project('"some-tool", "missing"') });
    expect((await plan()).error).toMatchObject({ code: 'environment-failed', hint: 'lock it: uv lock', line: 5 });
    write(folder, { 'pyproject.toml': project('"some-tool"', '>=3.99') });
    expect((await plan()).error).toMatchObject({ code: 'missing-python', hint: expect.stringContaining('correct requires-python') });
  });

  test('is built by one of two that need it at once, and the other uses it', async () => {
    const other = emptyFolder();
    cpSync(folder, other, { recursive: true });
    const ends = await Promise.all([run('--only', 'work'), ask(['run', 'pipeline.yaml', '--only', 'work'], other)]);
    expect(ends.map(({ code }) => code)).toEqual([0, 0]);
    expect(built()).toHaveLength(1);
  });

  test('goes when no node has used it for long and another is built', async () => {
    await run();
    const [first = ''] = built();
    makeWheel(join(folder, 'wheels'), 'some-tool', '1.1', ['other>=1']);
    await run('--refresh-environment');
    expect(built()).toHaveLength(2);
    const longAgo = new Date(Date.now() - 61 * 86_400_000);
    utimesSync(join(first, 'stillroom-built.json'), longAgo, longAgo);
    edit(folder, 'requirements.txt', 'some-tool', 'other');
    await run('--keep-going');
    expect(built()).toHaveLength(2);
    expect(built()).not.toContain(first);
  });

  test('leaves nothing of where packages are found, nor of passwords, in what is recorded', async () => {
    const index = 'https://me:secret-word@example.org/simple';
    edit(folder, 'requirements.txt', '--no-index', `--no-index\n--extra-index-url ${index}`);
    env = { ...env, UV_INDEX: index };
    expect((await run()).code).toBe(0);
    const { stdout } = spawnSync('grep', ['-rlE', 'secret-word|example.org|wheels', 'artifacts'], { cwd: folder, encoding: 'utf8' });
    expect(stdout).toBe('');
  });

  test('is not locked anew where there is none', async () => {
    edit(folder, 'pipeline.yaml', '    environment: { python: requirements.txt }\n', '');
    expect((await plan('--refresh-environment')).error).toMatchObject({ code: 'bad-option' });
  });

  test('takes its packages from a lock of others as it stands', async () => {
    const digests = {
      tool: makeWheel(join(folder, 'wheels'), 'some-tool', '1.0', ['other>=1']),
      other: makeWheel(join(folder, 'wheels'), 'other', '1.5'),
    };
    const wheel = (name: string, hash: string) => `wheels = [{ name = "${name}", hashes = { sha256 = "${hash}" } }]`;
    write(folder, {
      'pylock.toml': `lock-version = "1.0"
[[packages]]
name = "some-tool"
version = "1.0"
${wheel('some_tool-1.0-py3-none-any.whl', digests.tool)}
[[packages]]
name = "other"
version = "1.5"
${wheel('other-1.5-py3-none-any.whl', digests.other)}
`,
    });
    env = { ...env, UV_FIND_LINKS: join(folder, 'wheels'), UV_NO_INDEX: '1' };
    await run();
    edit(folder, 'pipeline.yaml', 'requirements.txt', 'pylock.toml');
    expect((await causes())['work']).toBe(REUSED);
  });
});

describe('what an environment is built from', () => {
  test.each([
    ['-e .\n', 'requirements.txt:1 asks for what lies on this machine: -e .'],
    ['numpy\n./wheels/other-1.5-py3-none-any.whl\n', 'requirements.txt:2 asks for what lies on this machine: ./wheels/other'],
    ['a @ https://me:secret@example.org/a.whl\n', 'requirements.txt:1 has a name or password in an address'],
    ['a @ file:///home/conda/a\n', 'requirements.txt:1 asks for what lies on this machine: a @ file'],
    ['n\0u\0m\0', 'requirements.txt is not UTF-8'],
    ['-r more.txt\n', 'requirements.txt:1 names more.txt, which is not there'],
  ])('is refused where it is not known by its content: %j', async (text, message) => {
    write(folder, { 'requirements.txt': text });
    const { error } = await plan();
    expect(error).toMatchObject({ code: 'bad-environment', message: expect.stringContaining(message), hint: expect.stringMatching(/./) });
    expect(JSON.stringify(error)).not.toContain('secret');
  });

  test.each([
    ['environment.yml', 'environments of Conda are not built'],
    ['poetry.lock', 'poetry export'],
    ['none.txt', 'make it, or correct its path'],
  ])('is told where it is of another kind, or missing: %s', async (file, hint) => {
    edit(folder, 'pipeline.yaml', 'requirements.txt', file);
    expect((await plan()).error).toMatchObject({ code: 'bad-environment', hint: expect.stringContaining(hint) });
  });

  test('has extras and groups only where it is a project', async () => {
    edit(folder, 'pipeline.yaml', 'python: requirements.txt', 'python: requirements.txt, groups: [dev]');
    expect((await plan()).error).toMatchObject({ message: 'requirements.txt has no extras or groups', line: 5 });
    edit(folder, 'pipeline.yaml', 'python: requirements.txt', 'venv: .venv');
    expect((await plan()).error).toMatchObject({ message: expect.stringContaining('it has no "groups"'), line: 5 });
  });

  test('must be a Python that is installed; those that are, are named', async () => {
    edit(folder, 'pipeline.yaml', 'python: requirements.txt', 'python: requirements.txt, version: "3.99"');
    expect((await plan()).error).toMatchObject({
      code: 'missing-python',
      message: expect.stringMatching(/^Python 3\.99 is not installed: installed are 3\.\d+/),
    });
    edit(folder, 'pipeline.yaml', ', version: "3.99"', '');
    write(folder, { '.python-version': '3.98\n' });
    expect((await plan()).error).toMatchObject({ message: expect.stringContaining('Python 3.98 is not installed') });
  });
});
