import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { called, emptyFolder, write } from '../rig.ts';

/** The names of the stages that the schema for editors offers. */
function offered(folder: string): readonly string[] {
  const schema = JSON.parse(readFileSync(join(folder, 'artifacts/pipeline.schema.json'), 'utf8')) as {
    properties: { stages: { additionalProperties: { properties: { uses: { enum?: readonly string[] } } } } };
  };
  return schema.properties.stages.additionalProperties.properties.uses.enum ?? [];
}

test('editors are offered the stages as soon as a pipeline uses one, and before that the rest', async () => {
  const folder = emptyFolder();
  write(folder, {
    'artifacts/.gitignore': '*\n',
    'commands.yaml': "name: commands\nstages:\n  one: { run: 'echo > $out', out: { out: out.txt } }\n",
    'stages.yaml': 'name: stages\nstages:\n  one: { uses: says }\n',
    'stages/says/stage.ts': `import { defineStage } from 'stillroom';
export default defineStage({ about: 'Says.', params: {}, inputs: {}, outputs: { said: 'file.txt' }, run: () => import('./run.ts') });
`,
    'stages/says/run.ts': "import { work } from 'stillroom';\nexport default work(() => undefined);\n",
  });
  await called(folder, ['plan', 'commands.yaml']);
  expect(offered(folder)).toEqual([]);
  await called(folder, ['plan', 'stages.yaml']);
  expect(offered(folder)).toContain('says');
  await called(folder, ['plan', 'commands.yaml']);
  expect(offered(folder)).toContain('says');
});
