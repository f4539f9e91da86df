import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Event } from '../../src/model/event.ts';
import { type Remote, RemoteRefusal } from '../../src/model/remote.ts';
import { openProject } from '../../src/project/project.ts';
import { MemoryRemote } from '../../src/stores/remotes/memory/remote.ts';
import { emptyFolder, write } from '../folders.ts';
import { value } from './stores.ts';

const pipeline = `name: demo
sources: { poem: poem.txt }
stages:
  count: { run: 'wc -w < "$poem" > "$count"', in: { poem: $sources.poem }, out: { count: count.txt } }
  card: { run: 'cat "$count" "$count" > "$card"', in: { count: count.count }, out: { card: card.txt } }
`;

interface Run {
  readonly plan: Readonly<Record<string, string>>;
  readonly states: Readonly<Record<string, string>>;
  readonly causes: readonly string[];
  readonly notices: readonly string[];
  readonly card: string;
  readonly hash: string | undefined;
}

/** Plans and runs the pipeline in a folder of its own. */
async function runElsewhere(remotes: readonly Remote[], poem = 'a poem of five words'): Promise<Run> {
  const folder = emptyFolder();
  write(folder, { 'package.json': '{}', 'demo.yaml': pipeline, 'poem.txt': poem });
  const project = openProject({ folder, remotes });
  const planned = value(await project.plan('demo.yaml'));
  const events: Event[] = [];
  const ended = value(await project.run('demo.yaml', { onEvent: (event) => void events.push(event) }));
  project.close();
  const nodes = Object.entries(ended.record.nodes);
  return {
    plan: Object.fromEntries(planned.nodes.map(({ node, action }) => [node, action])),
    states: Object.fromEntries(nodes.map(([name, { state }]) => [name, state])),
    causes: nodes.map(([, { cause }]) => cause),
    notices: events.flatMap((event) => (event.type === 'notice' ? [event.message] : [])),
    card: readFileSync(join(folder, 'artifacts/latest/demo/card/card.txt'), 'utf8'),
    hash: ended.record.hash,
  };
}

test('a run reuses what another project gave to a remote, and says from where; its plan did not promise it', async () => {
  const remote = new MemoryRemote('shelf');
  const first = await runElsewhere([remote]);
  expect(first.states).toEqual({ count: 'executed', card: 'executed' });
  expect([[...remote.objects.keys()].filter((key) => key.includes('/results/')).length, first.notices]).toEqual([2, []]);
  const second = await runElsewhere([remote]);
  expect(second.plan).toEqual({ count: 'run', card: 'run' });
  expect(second.states).toEqual({ count: 'reused', card: 'reused' });
  expect(second.causes).toEqual(['found in the remote shelf', 'found in the remote shelf']);
  expect([second.card, second.hash]).toEqual([first.card, first.hash]);
  const other = await runElsewhere([remote], 'another poem');
  expect(other.states).toEqual({ count: 'executed', card: 'executed' });
});

test('a remote that throws or lies costs a notice and no run', async () => {
  const remote = new MemoryRemote('shelf');
  const first = await runElsewhere([remote]);
  for (const key of remote.objects.keys()) if (!key.includes('/results/')) remote.objects.set(key, Buffer.from('lies'));
  const lied = await runElsewhere([remote]);
  expect(lied.states).toEqual({ count: 'executed', card: 'executed' });
  expect([lied.card, lied.hash]).toEqual([first.card, first.hash]);
  expect(lied.notices.join('\n')).toContain('what the remote shelf has of this work is not used');
  const refuse = () => Promise.reject(new RemoteRefusal('no route to host', 'mend the line'));
  const dead = await runElsewhere([Object.assign(new MemoryRemote('dead'), { get: refuse, size: refuse, put: refuse })]);
  expect(dead.states).toEqual({ count: 'executed', card: 'executed' });
  expect(dead.notices.join('\n')).toContain('no route to host');
});
