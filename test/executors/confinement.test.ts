import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { confinementHere } from '../../src/setup/native.mjs';
import { called, checkout, edit, emptyFolder, write } from '../rig.ts';
import { executeBare, executeStage } from './stage-job.ts';

const { landlock, filters } = confinementHere(checkout);

/** A worker's answer to a piece of code. */
const asked = (code: string, options: string): string => `
  const worker = new Worker(${JSON.stringify(`const fs = require('fs'); const { parentPort, Worker } = require('worker_threads'); ${code}`)}, { eval: true, ${options} });
  fs.writeFileSync(context.outputs.out, String(await new Promise((resolve) => worker.once('message', resolve))));`;

const reading = (path: string): string =>
  `try { parentPort.postMessage(fs.readFileSync(${JSON.stringify(path)}, 'utf8')); } catch (error) { parentPort.postMessage(error.code); }`;

describe('a worker that a stage starts by itself', () => {
  test.each(['', 'execArgv: []', "execArgv: ['--max-http-header-size=20000'], env: {}"])(
    'keeps the permissions: { %s }',
    async (options) => {
      const secret = join(emptyFolder(), 'secret.txt');
      writeFileSync(secret, 'secret');
      const { exit, out } = await executeStage(asked(reading(secret), options), { folder: emptyFolder() });
      expect(exit).toMatchObject({ ended: 'done' });
      expect(out).toBe('ERR_ACCESS_DENIED');
    },
  );

  test('is given its arguments and variables beside', async () => {
    const code = "parentPort.postMessage([process.execArgv.includes('--no-warnings'), process.env.OWN, process.env.NODE_OPTIONS].join())";
    const { out } = await executeStage(asked(code, "execArgv: ['--no-warnings'], env: { OWN: 'own', NODE_OPTIONS: '--allow-fs-read=*' }"), {
      folder: emptyFolder(),
    });
    expect(out).toBe('true,own,');
  });
});

test.runIf(landlock > 0)('code that the permission model does not hold is held by the kernel', () => {
  const secret = join(emptyFolder(), 'secret.txt');
  writeFileSync(secret, 'secret');
  const body = `let told; try { told = fs.readFileSync(${JSON.stringify(secret)}); } catch (error) { told = error.code; }
    fs.writeFileSync(context.outputs.out, told);`;
  expect(executeBare(body, emptyFolder())).toBe('EACCES');
});

test.runIf(filters)('a stage signals neither its supervisor nor the coordinator', async () => {
  const body = `const told = [process.ppid, ${process.pid}].map((pid) => { try { process.kill(pid, 0); return 'sent'; } catch (error) { return error.code; } });
    process.kill(process.pid, 0);
    fs.writeFileSync(context.outputs.out, told.join(' '));`;
  expect((await executeStage(body, { folder: emptyFolder() })).out).toBe('EPERM EPERM');
});

test('a stage without checkpoints leaves no folder for them; one with some keeps it', async () => {
  const [without, having] = [emptyFolder(), emptyFolder()];
  const writes = `fs.writeFileSync(context.outputs.out, '');`;
  await executeStage(writes, { folder: without });
  await executeStage(`${writes} await context.checkpoint.save((to) => fs.writeFileSync(to + '/state', 'x'));`, { folder: having });
  expect(() => readFileSync(join(without, 'checkpoints'))).toThrow('ENOENT');
  expect(readFileSync(join(having, 'checkpoints/complete-1/state'), 'utf8')).toBe('x');
});

describe('the network', () => {
  const fetching = (port: number): string =>
    `fs.writeFileSync(context.outputs.out, await (await fetch('http://127.0.0.1:${port}/')).text());`;

  async function withServer<Value>(use: (port: number) => Promise<Value>): Promise<Value> {
    const server = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello'));
    await new Promise<void>((resolve) => server.listen(0, () => resolve()));
    try {
      return await use((server.address() as AddressInfo).port);
    } finally {
      server.close();
    }
  }

  test.runIf(filters)('is refused to a stage that has not declared it: the reason and the remedy are told', async () => {
    const { exit } = await withServer((port) => executeStage(fetching(port), { folder: emptyFolder() }));
    const message = expect.stringMatching(/^node failed: the stage may not use the network: fetch failed: connect EACCES 127\.0\.0\.1/);
    expect(exit).toMatchObject({ ended: 'failed', problem: { code: 'undeclared-access', message } });
    expect(exit.ended === 'failed' ? exit.problem.hint : '').toContain('network: true');
  });

  test('is there for one that has', async () => {
    expect((await withServer((port) => executeStage(fetching(port), { folder: emptyFolder(), network: true }))).out).toBe('hello');
  });

  test('declaring it is an ingredient, and is recorded', async () => {
    const folder = emptyFolder();
    write(folder, {
      'package.json': '{}',
      'stages/asks/stage.ts': `import { defineStage } from 'stillroom';
export default defineStage({ about: 'Asks.', outputs: { out: 'file.txt' }, run: () => import('./run.ts') });`,
      'stages/asks/run.ts': `import { writeFileSync } from 'node:fs';
import { work } from 'stillroom';
import type stage from './stage.ts';
export default work<typeof stage>(({ outputs }) => writeFileSync(outputs.out, 'x'));`,
      'asks.yaml': 'name: asks\nstages: { a: { uses: asks } }\n',
    });
    expect((await called(folder, ['run', 'asks.yaml', '--json'])).json.executed).toEqual(['a']);
    edit(folder, 'stages/asks/stage.ts', "about: 'Asks.',", "about: 'Asks.', network: true,");
    const plan = await called(folder, ['plan', 'asks.yaml', '--json']);
    expect(plan.json.nodes?.[0]).toMatchObject({ action: 'run', cause: 'network changed: not allowed → allowed' });
    const { json } = await called(folder, ['run', 'asks.yaml', '--json']);
    const record = JSON.parse(readFileSync(join(folder, 'artifacts/runs', `${json.run}.json`), 'utf8'));
    expect(record.nodes.a.recipe.work).toEqual({ kind: 'stage', packages: {}, network: true });
    expect((await called(folder, ['reproduce', json.run ?? ''])).code).toBe(0);
  });
});

test('a stage finds its code, its packages and its files through links to the project, the store and its folder of attempts', async () => {
  const [real, elsewhere] = [emptyFolder(), emptyFolder()];
  write(real, {
    'package.json': '{ "type": "commonjs" }',
    'text.txt': 'hello',
    'stages/reads/stage.ts': `import { defineStage } from 'stillroom';
export default defineStage({ about: 'Reads.', inputs: { text: 'file' }, outputs: { out: 'file.txt' }, run: () => import('./run.ts') });`,
    'stages/reads/run.ts': `import { readFileSync, writeFileSync } from 'node:fs';
import sharp from 'sharp';
import { work } from 'stillroom';
import type stage from './stage.ts';
export default work<typeof stage>(({ inputs, outputs }) => writeFileSync(outputs.out, readFileSync(inputs.text, 'utf8') + typeof sharp));`,
    'reads.yaml':
      'name: reads\nsources: { text: { path: ./link.txt, keep: false } }\nstages: { a: { uses: reads, in: { text: $sources.text } } }\n',
  });
  mkdirSync(join(real, 'node_modules'));
  symlinkSync(join(checkout, 'node_modules/sharp'), join(real, 'node_modules/sharp'));
  symlinkSync('text.txt', join(real, 'link.txt'));
  for (const name of ['store', 'store/real']) mkdirSync(join(elsewhere, name));
  symlinkSync(join(elsewhere, 'store'), join(real, 'artifacts'));
  symlinkSync('real', join(elsewhere, 'store/scratch'));
  symlinkSync(real, join(elsewhere, 'project'));
  const folder = join(elsewhere, 'project');
  const { json } = await called(folder, ['run', 'reads.yaml', '--json']);
  expect(json.error).toBeUndefined();
  expect(readFileSync(join(real, 'artifacts/latest/reads/a/out.txt'), 'utf8')).toBe('hellofunction');
});

/** What a kernel with an older Landlock, or none, holds a program to: the supervisor can be told to use no more. */
describe.runIf(filters)('with', () => {
  const program = join(checkout, 'dist/native/supervisor');

  function told(version: number, script: string): { readonly printed: string; readonly code: number | null } {
    const folder = emptyFolder();
    mkdirSync(join(folder, 'own'));
    writeFileSync(join(folder, 'secret'), 'secret');
    const granted = ['/usr', '/lib', '/lib64', '/bin'].flatMap((path) => ['run', path]);
    const pairs = [...granted, 'device', '/dev/null', 'write', join(folder, 'own'), 'landlock', String(version)];
    const { stdout, status } = spawnSync(program, ['--events', '--confined', ...pairs, '--', '/bin/sh', '-c', script, folder], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'ignore', 'pipe'],
    });
    return { printed: stdout.trim(), code: status };
  }

  test.each([0, 1, 2, 3, 4, 5, 6, 7].map((version) => Math.min(version, landlock)))(
    'Landlock %i: no signals to others, its own files',
    (version) => {
      const script = `kill -0 $PPID 2>/dev/null && echo signalled; kill -0 $$ && echo itself
      echo x > "$0/own/file" && cat "$0/own/file"`;
      expect(told(version, script)).toEqual({ printed: 'itself\nx', code: 0 });
    },
  );

  test.runIf(landlock > 0)('Landlock: no files but its own; without it all', () => {
    const script = `cat "$0/secret" 2>/dev/null; echo x 2>/dev/null > "$0/new"; cat /proc/$PPID/environ >/dev/null 2>&1 && echo environ; true`;
    expect(told(landlock, script)).toEqual({ printed: '', code: 0 });
    expect(told(0, script).printed).toContain('secret');
  });
});
