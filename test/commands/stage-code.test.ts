import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { emptyFolder, stillroom, write } from '../rig.ts';

const stage = `import { defineStage } from 'stillroom';
export default defineStage({ about: 'Writes.', outputs: { out: 'file.txt' }, run: () => import('./run.ts') });
`;
const body = "export default ({ outputs }: { outputs: { out: string } }) => writeFileSync(outputs.out, 'x');\n";
const start = "import { writeFileSync } from 'node:fs';\n";

describe("a stage's code is refused before anything runs if it", () => {
  test.each([
    ['does not parse', `${start}const broken = (;\n${body}`, 'bad-stage', 2, 17, 'does not bundle'],
    ['imports what is not there', `import './absent.ts';\n${start}${body}`, 'bad-stage', 1, 8, 'absent.ts'],
    ["imports Stillroom's own files", `import 'stillroom/engine';\n${start}${body}`, 'bad-stage', 1, 8, "'stillroom/nn'"],
    [
      'reads beside itself',
      `${start}export const here = import.meta.url;\n${body.replace("'x'", 'here')}`,
      'escaping-code',
      2,
      21,
      'import.meta.url',
    ],
    [
      'imports by an expression',
      `${start}export const load = (name: string) => import(name);\n${body.replace("'x'", 'String(load)')}`,
      'escaping-code',
      2,
      39,
      'literal',
    ],
  ] as const)('%s', async (_, code, problem, line, column, message) => {
    const folder = emptyFolder();
    write(folder, {
      'artifacts/.gitignore': '*\n',
      'demo.yaml': 'name: demo\nstages:\n  writes: { uses: writes }\n',
      'stages/writes/stage.ts': stage,
      'stages/writes/run.ts': code,
    });
    const { code: exit, json } = await stillroom(folder, ['run', 'demo.yaml', '--json']);
    expect(exit).toBe(3);
    expect(json.error).toMatchObject({ code: problem, line, column, message: expect.stringContaining(message) });
    expect(json.error?.file).toMatch(/stages\/writes\/run\.ts$/);
    expect(existsSync(join(folder, 'artifacts/runs'))).toBe(false);
  });
});
