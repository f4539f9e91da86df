// What scheduling itself costs, without executing anything: nodes that are free, and nodes that each need the one before.
//
//   npm run bench -- schedule
import type { NodeEnd } from '../../src/engine/node.ts';
import { openingNodes } from '../../src/engine/recorded-node.ts';
import { schedule } from '../../src/engine/schedule.ts';
import type { ReadyNode } from '../../src/engine/scheduling.ts';
import { Slots } from '../../src/engine/slots.ts';
import { attemptOf, instanceOf, planOf } from '../engine/plans.ts';

async function execute({ plan, fingerprint, onStart }: ReadyNode): Promise<NodeEnd> {
  const { instance } = plan.prepared;
  onStart();
  return { state: 'executed', settled: { instance, fingerprint, attempt: attemptOf(instance.name) } };
}

async function measure(count: number, isChain: boolean): Promise<number> {
  const instances = Array.from({ length: count }, (_, index) =>
    instanceOf(`n${index}`, { after: isChain && index > 0 ? [`n${index - 1}`] : [] }),
  );
  const plan = planOf(instances);
  const start = performance.now();
  await schedule(plan, {
    slots: new Slots({ name: 'fake', capacity: { cpu: 2, gpu: 0, memory: 100 } }),
    keepGoing: false,
    stop: new AbortController().signal,
    emit: () => undefined,
    find: () => undefined,
    execute,
    explain: () => '',
    opening: openingNodes(plan),
    logOf: (node) => ({ log: node }),
  });
  return performance.now() - start;
}

for (const isChain of [false, true]) {
  for (const count of [100, 1000, 10_000]) {
    const taken = await measure(count, isChain);
    const each = ((1000 * taken) / count).toFixed(0);
    process.stdout.write(`${count} ${isChain ? 'nodes in a chain' : 'free nodes'}: ${taken.toFixed(0)} ms, ${each} µs a node\n`);
  }
}
