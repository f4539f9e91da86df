import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { findStage, stageNames } from '../../src/code/declarations.ts';
import { executorKinds, settingsOf } from '../../src/executors/kinds.ts';
import { isObject } from '../../src/files/json.ts';
import { editorSchema, projectEditorSchema, sentence } from '../../src/load/editor.ts';
import { remoteKinds, remoteSettingsOf } from '../../src/stores/remotes/kinds.ts';
import { strategies } from '../../src/sweep/strategies.ts';
import { emptyFolder } from '../folders.ts';

/** All that schemas and declarations say in words, by where it is said; undefined: nothing is said there. */
const said: [path: string, text: unknown][] = [];

/** Notes what is said of each property of a schema, at any depth. */
function note(schema: unknown, path: string): void {
  if (Array.isArray(schema)) for (const one of schema) note(one, path);
  if (!isObject(schema) || Array.isArray(schema)) return;
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'properties' && isObject(value)) {
      for (const [name, own] of Object.entries(value)) {
        // What a condition looks at is no property of the file.
        if (!path.endsWith('?')) said.push([`${path}/${name}`, isObject(own) ? own['description'] : undefined]);
        note(own, `${path}/${name}`);
      }
    } else if (key === 'if') note(value, `${path}?`);
    else if (!['default', 'const', 'enum'].includes(key)) note(value, path);
  }
}

let stages: number;

beforeAll(async () => {
  const [root, cache] = [emptyFolder(), join(emptyFolder(), 'cache')];
  note(await editorSchema({ root, cache, strategies }), 'pipeline');
  note(
    projectEditorSchema(
      Object.fromEntries(await Promise.all(executorKinds().map(async (kind) => [kind, await settingsOf(kind)]))),
      Object.fromEntries(await Promise.all(remoteKinds().map(async (kind) => [kind, await remoteSettingsOf(kind)]))),
    ),
    'project',
  );
  const names = stageNames(root);
  for (const name of names) {
    const found = await findStage(name, root, cache);
    if (!found.ok) throw new Error(found.problems[0]?.message);
    const { about, outputs, metrics, portsAbout } = found.value.declaration;
    said.push([name, about]);
    for (const port of Object.keys(outputs)) said.push([`${name}.${port}`, portsAbout?.outputs[port]]);
    for (const [metric, own] of Object.entries(metrics)) said.push([`${name}.${metric}`, own.about]);
  }
  stages = names.length;
});

describe('every key of pipelines and of the project file, every param, port and metric', () => {
  test('is described', () => {
    expect(stages).toBeGreaterThan(10);
    expect(said.length).toBeGreaterThan(400);
    expect(said.filter(([, text]) => typeof text !== 'string' || text === '').map(([path]) => path)).toEqual([]);
  });

  test('is described in a sentence, short enough to be read in passing', () => {
    const strange = said.filter(([, text]) => !/^(?:[A-Z0-9$−-]|[a-z]+[.:$_-]).{3,280}[.!?]$/.test(String(text)));
    expect(strange.map(([path, text]) => `${path}: ${String(text)}`)).toEqual([]);
  });
});

test.each([
  ['what the node does', 'What the node does.'],
  ['node.port, or ./path', 'node.port, or ./path.'],
  ['$name', '$name.'],
  ['A sentence already.', 'A sentence already.'],
  ['process: a child of this process', 'Process: a child of this process.'],
])('%s reads %s', (text, read) => {
  expect(sentence(text)).toBe(read);
});
