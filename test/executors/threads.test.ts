import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { RunNode, RunRecord } from '../../src/model/run.ts';
import { emptyFolder, stillroom, write } from '../rig.ts';

const stage = `import { defineStage, param } from 'stillroom';
export default defineStage({
  about: 'Does something in a thread.',
  params: { how: param.string(), voice: param.module<(text: string) => string>({ folder: './voices', default: 'loud' }) },
  inputs: { text: 'file' },
  outputs: { out: 'file.txt' },
  run: () => import('./run.ts'),
});
`;
const run = `import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { threadId } from 'node:worker_threads';
import { type ThreadContext, work } from 'stillroom';
import type stage from './stage.ts';

interface Task {
  readonly how: string;
  readonly text: string;
  readonly out: string;
}

function speak({ how, text }: Task, { modules, port }: ThreadContext): void {
  const voice = modules['voice'] as (text: string) => string;
  if (how === 'throw') throw new RangeError('a bug in a thread');
  if (how === 'read') readFileSync('/srv/undeclared.txt');
  if (how === 'write') writeFileSync(text, 'changed');
  if (how === 'exit') process.exit(7);
  if (how === 'return') return;
  if (how === 'later') setTimeout(() => JSON.parse('{'), 50);
  port.on('message', (word: string) => {
    port.postMessage(\`\${voice(word)} \${voice(readFileSync(text, 'utf8'))} \${threadId > 0} \${process.env['TZ']}\`);
    for (;;) if (how !== 'busy') break;
  });
}

export const threads = { speak };

const notExported = (): void => undefined;

export default work<typeof stage>(async ({ params: { how }, inputs, outputs, thread }) => {
  if (how === 'other') thread(notExported, {});
  const { port, close } = thread(speak, { how, text: inputs.text, out: outputs.out });
  port.postMessage('hello');
  const [answer] = await once(port, 'message');
  if (how === 'later') await new Promise(() => undefined);
  if (how === 'close') await close();
  writeFileSync(outputs.out, String(answer));
});
`;

const engineStage = `import { defineStage } from 'stillroom';
export default defineStage({ about: 'Says when the engine is loaded.', outputs: { out: 'file.txt' }, run: () => import('./run.ts') });
`;
const engineRun = `import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type ThreadContext, work } from 'stillroom';
import { engineFacts } from 'stillroom/nn';
import type stage from './stage.ts';

const isLoaded = (): boolean => readFileSync('/proc/self/maps', 'utf8').includes('tfjs_binding.node');

export const threads = { look: (_: null, { port }: ThreadContext): void => port.postMessage(isLoaded()) };

export default work<typeof stage>(async ({ outputs, thread }) => {
  const [inThread] = await once(thread(threads.look, null).port, 'message');
  const before = isLoaded();
  engineFacts();
  writeFileSync(outputs.out, [inThread, before, isLoaded()].join(' '));
});
`;

/** How a thread ends the node, and what is told of it. */
const failures: Readonly<Record<string, { code: string; message: string; hint: string }>> = {
  throw: { code: 'stage-threw', message: 'failed: a bug in a thread', hint: 'run.ts:15' },
  later: { code: 'stage-threw', message: 'JSON', hint: 'run.ts' },
  read: { code: 'undeclared-access', message: 'may not touch /srv/undeclared.txt', hint: 'declare it as an input' },
  write: { code: 'undeclared-access', message: 'in/text.txt', hint: 'declare it' },
  exit: { code: 'stage-threw', message: 'the thread "speak" ended with exit code 7', hint: 'exit.log' },
  return: { code: 'ended-early', message: 'waits for something that never comes', hint: 'settle each promise' },
  other: { code: 'stage-threw', message: 'run.ts must export what runs in a thread', hint: 'threads = { notExported }' },
};
const successes = ['answer', 'close', 'busy'];

let folder: string;
let failed: Readonly<Record<string, RunNode>>;
let outputs: Readonly<Record<string, string>>;

const nodeOf = (how: string, voice = 'loud'): string => `{ uses: speak, in: { text: ./poem.txt }, with: { how: ${how}, voice: ${voice} } }`;
const pipelineOf = (nodes: Readonly<Record<string, string>>): string =>
  `name: threads\nstages:\n${Object.entries(nodes)
    .map(([name, text]) => `  ${name}: ${text}\n`)
    .join('')}`;
const nodesOf = (names: readonly string[]): Record<string, string> => Object.fromEntries(names.map((how) => [how, nodeOf(how)]));

beforeAll(async () => {
  folder = emptyFolder();
  write(folder, {
    'artifacts/.gitignore': '*\n',
    'poem.txt': 'a poem',
    'stages/speak/stage.ts': stage,
    'stages/speak/run.ts': run,
    'stages/speak/voices/loud.ts': 'export default (text: string): string => text.toUpperCase();\n',
    'stages/speak/voices/double.ts': 'export default (text: string): string => text + text;\n',
    'stages/engine/stage.ts': engineStage,
    'stages/engine/run.ts': engineRun,
    'good.yaml': pipelineOf({ ...nodesOf(successes), double: nodeOf('answer', 'double'), engine: '{ uses: engine }' }),
    'bad.yaml': pipelineOf(nodesOf(Object.keys(failures))),
  });
  const good = await stillroom(folder, ['run', 'good.yaml', '--json']);
  if (good.json.outputs === undefined) throw new Error(good.stdout + good.stderr);
  outputs = good.json.outputs;
  const bad = await stillroom(folder, ['run', 'bad.yaml', '--keep-going', '--json']);
  failed = (JSON.parse(readFileSync(join(folder, 'artifacts/runs', `${bad.json.run}.json`), 'utf8')) as RunRecord).nodes;
});

describe('a thread of a stage', () => {
  test.each(successes)('is given data, modules, a port and the environment of its work (%s)', (how) => {
    expect(readFileSync(outputs[`${how}.out`] ?? '', 'utf8')).toBe('HELLO A POEM true UTC');
  });

  test('is given the module that its node chose', () => {
    expect(readFileSync(outputs['double.out'] ?? '', 'utf8')).toBe('hellohello a poema poem true UTC');
  });

  test('does not load the engine that it does not use', () => {
    expect(readFileSync(outputs['engine.out'] ?? '', 'utf8')).toBe('false false true');
  });

  test.each(Object.keys(failures))('fails its node by name and cause (%s)', (how) => {
    const expected = failures[how];
    const { state, error } = failed[how] as RunNode;
    expect(state).toBe('failed');
    expect(error?.code).toBe(expected?.code);
    expect(error?.message).toContain(expected?.message);
    expect(error?.hint).toContain(expected?.hint);
  });

  test('leaves nothing behind, also if it never ends by itself', () => {
    expect(readdirSync(join(folder, 'artifacts/scratch'))).toEqual([]);
    expect(readFileSync(join(folder, 'poem.txt'), 'utf8')).toBe('a poem');
  });
});
