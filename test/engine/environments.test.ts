import { chmodSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { called, edit, emptyFolder, write } from '../rig.ts';

let folder: string;

/** Writes a distribution into a virtual environment as pip leaves it. */
function install(venv: string, name: string, version: string, { code = `# ${version}`, folder: lies = '' } = {}): void {
  const site = join(venv, 'lib/python3.11/site-packages');
  const module = name.toLowerCase();
  rmSync(join(site, `${module}-${version}.dist-info`), { recursive: true, force: true });
  const digest = Buffer.from(code).toString('base64url');
  const record = [
    `${module}.py,sha256=${digest},${code.length}`,
    `__pycache__/${module}.cpython-311.pyc,,`,
    `../../../bin/${module},sha256=${lies.length},9`,
    `${module}-${version}.dist-info/RECORD,,`,
    `${module}-${version}.dist-info/INSTALLER,sha256=x,4`,
  ];
  write(site, {
    [`${module}.py`]: code,
    [`${module}-${version}.dist-info/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`,
    [`${module}-${version}.dist-info/RECORD`]: `${record.join('\n')}\n`,
  });
}

/** A virtual environment whose python is that of the system. */
function environmentAt(venv: string, version = '3.11.7'): void {
  write(venv, { 'pyvenv.cfg': `home = /usr/bin\ninclude-system-site-packages = false\nversion = ${version}\n` });
  write(venv, { 'bin/hello': '#!/bin/sh\necho hello from the environment\n' });
  chmodSync(join(venv, 'bin/hello'), 0o755);
}

const plan = async () => (await called(folder, ['plan', 'pipeline.yaml', '--json'])).json;
const causes = async () => Object.fromEntries((await plan()).nodes?.map(({ node, action, cause }) => [node, `${action}: ${cause}`]) ?? []);

beforeEach(() => {
  folder = emptyFolder();
  write(folder, {
    'package.json': '{}',
    'pipeline.yaml': `name: p
environment: { venv: .venv }
stages:
  work:
    run: sh "$(command -v hello || echo none)" > "$out"
    out: { out: out.txt }
  plain:
    run: command -v hello > "$out" || echo none > "$out"
    environment: none
    out: { out: out.txt }
`,
  });
  environmentAt(join(folder, '.venv'));
  install(join(folder, '.venv'), 'Some_Package', '1.0');
});

async function run(): Promise<void> {
  const { code, stderr } = await called(folder, ['run', 'pipeline.yaml', '--json']);
  if (code !== 0) throw new Error(stderr);
}

describe('a virtual environment', () => {
  test('comes first where programs are looked for, but for nodes that want none', async () => {
    await run();
    expect(readFileSync(join(folder, 'artifacts/latest/p/work/out.txt'), 'utf8')).toBe('hello from the environment\n');
    expect(readFileSync(join(folder, 'artifacts/latest/p/plain/out.txt'), 'utf8')).toBe('none\n');
  });

  test('counts by what is installed in it, and by its interpreter', async () => {
    await run();
    const reused = { work: 'reuse: nothing that counts has changed', plain: 'reuse: nothing that counts has changed' };
    expect(await causes()).toEqual(reused);
    rmSync(join(folder, '.venv/lib/python3.11/site-packages/some_package-1.0.dist-info'), { recursive: true });
    install(join(folder, '.venv'), 'Some_Package', '1.1');
    expect(await causes()).toEqual({ ...reused, work: 'run: package some-package changed: 1.0 → 1.1' });
    // The run that has nothing to do looks too.
    expect((await called(folder, ['run', 'pipeline.yaml', '--json'])).json.executed).toEqual(['work']);
    edit(folder, '.venv/pyvenv.cfg', '3.11.7', '3.11.9');
    expect(await causes()).toEqual({ ...reused, work: 'run: Python changed: 3.11.7 → 3.11.9' });
    edit(folder, '.venv/pyvenv.cfg', '3.11.9', '3.11.7');
    install(join(folder, '.venv'), 'Some_Package', '1.1', { code: '# built otherwise' });
    expect((await causes())['work']).toMatch(/^run: package some-package changed: 1\.1 \w{12} → 1\.1 \w{12}$/);
    install(join(folder, '.venv'), 'Other', '2');
    expect((await causes())['work']).toMatch(/package some-package changed.*1 more|package other/);
  });

  test('does not count by where it lies, nor by what installers leave', async () => {
    await run();
    const moved = emptyFolder();
    environmentAt(moved);
    install(moved, 'Some_Package', '1.0', { folder: 'elsewhere' });
    edit(folder, 'pipeline.yaml', 'venv: .venv', `venv: ${moved}`);
    expect((await causes())['work']).toBe('reuse: nothing that counts has changed');
  });

  test('counts editable distributions by their sources', async () => {
    const sources = emptyFolder();
    write(sources, { 'tool.py': 'one', '.git/HEAD': 'x' });
    const info = join(folder, '.venv/lib/python3.11/site-packages/some_package-1.0.dist-info');
    write(info, { 'direct_url.json': JSON.stringify({ url: `file://${sources}`, dir_info: { editable: true } }) });
    await run();
    write(sources, { '.git/HEAD': 'y' });
    expect((await causes())['work']).toBe('reuse: nothing that counts has changed');
    write(sources, { 'tool.py': 'two' });
    expect((await causes())['work']).toMatch(/^run: package some-package changed/);
  });

  test.each([
    ['is not there', () => rmSync(join(folder, '.venv'), { recursive: true }), 'is none: it has no pyvenv.cfg'],
    [
      'takes what the system has',
      () => edit(folder, '.venv/pyvenv.cfg', 'packages = false', 'packages = true'),
      "takes the system's packages too, which are not seen",
    ],
    ['is one of Conda', () => write(join(folder, '.venv'), { 'conda-meta/history': '' }), 'is one of Conda'],
    ['says no version', () => edit(folder, '.venv/pyvenv.cfg', 'version = 3.11.7', ''), 'does not say its version of Python'],
  ])('is refused where it %s', async (_, change, why) => {
    change();
    expect((await plan()).error).toMatchObject({
      code: 'bad-environment',
      message: expect.stringContaining(why),
      hint: expect.stringMatching(/make it|write its Python packages/),
    });
  });

  test('is looked for again when a run is reproduced, and what differs in it is told', async () => {
    await run();
    rmSync(join(folder, '.venv/lib/python3.11/site-packages/some_package-1.0.dist-info'), { recursive: true });
    install(join(folder, '.venv'), 'Some_Package', '1.1');
    const { code, stdout } = await called(folder, ['reproduce', '@latest', '--json']);
    expect(code).toBe(0);
    expect(stdout).toContain('package some-package');
    rmSync(join(folder, '.venv'), { recursive: true });
    expect((await called(folder, ['reproduce', '@latest', '--json'])).json.error).toMatchObject({ code: 'bad-environment' });
  });
});

describe('tools', () => {
  test('may be named by a path in the project', async () => {
    edit(folder, 'pipeline.yaml', '    environment: none', '    tools: [.venv/bin/hello]\n    environment: none');
    await run();
    expect((await causes())['plain']).toBe('reuse: nothing that counts has changed');
    edit(folder, '.venv/bin/hello', 'hello from', 'hello again from');
    expect((await causes())['plain']).toMatch(/^run: tool \.venv\/bin\/hello changed/);
  });

  test('are what a shim of a version manager starts', async () => {
    const home = emptyFolder();
    write(home, {
      '.pyenv/shims/tool': '#!/bin/sh\nexec pyenv exec tool\n',
      '.pyenv/versions/1/tool': 'one',
      'bin/pyenv': `#!/bin/sh\necho ${home}/.pyenv/current/tool\n`,
    });
    symlinkSync(join(home, '.pyenv/versions/1'), join(home, '.pyenv/current'));
    for (const file of ['.pyenv/shims/tool', 'bin/pyenv']) chmodSync(join(home, file), 0o755);
    edit(folder, 'pipeline.yaml', '    environment: none', '    tools: [tool]\n    environment: none');
    const env = { PATH: `${home}/.pyenv/shims:${home}/bin:${process.env['PATH'] ?? ''}` };
    expect((await called(folder, ['run', 'pipeline.yaml', '--only', 'plain'], { env })).code).toBe(0);
    writeFileSync(join(home, '.pyenv/versions/1/tool'), 'two');
    const { json } = await called(folder, ['plan', 'pipeline.yaml', '--only', 'plain', '--json'], { env });
    expect(json.nodes?.[0]).toMatchObject({ action: 'run', cause: expect.stringContaining('tool tool changed') });
  });
});
