import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Instance } from '../../src/model/pipeline.ts';
import { MemoryProject, told } from './memory-store.ts';
import { instanceOf } from './plans.ts';

test('a run keeps what its plan has promised, whatever changed', async () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const node = fc.record({ after: fc.subarray(names), version: fc.nat(2), writes: fc.constantFrom(undefined, 'x', 'y') });
  const version = fc.record({
    nodes: fc.tuple(...names.map(() => node)),
    force: fc.subarray(names, { maxLength: 2 }),
    failing: fc.subarray(names, { maxLength: 1 }),
  });
  const instancesOf = (nodes: readonly { after: string[]; version: number; writes: string | undefined }[]): Instance[] =>
    nodes.map(({ after: from, version: own, writes }, index) =>
      instanceOf(names[index] ?? '', {
        after: from.filter((name) => names.indexOf(name) < index),
        params: { version: own, ...(writes === undefined ? {} : { writes }) },
      }),
    );
  await fc.assert(
    fc.asyncProperty(fc.array(version, { minLength: 2, maxLength: 4 }), async (versions) => {
      const project = new MemoryProject();
      for (const { nodes, force, failing } of versions) {
        const instances = instancesOf(nodes);
        const plan = await told(project, instances, { force });
        const states = await project.run(instances, { force, failing });
        for (const [name, [action]] of Object.entries(plan)) {
          if (action === 'run') expect(states[name]).not.toBe('reused');
          if (action === 'reuse') expect(states[name]).toBe('reused');
        }
      }
    }),
    { numRuns: 200 },
  );
});
