import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn } from '../files/folder.ts';
import type { SetUp } from '../model/executor.ts';
import { done, type Outcome } from '../model/problem.ts';
import type { SetupItem } from '../model/setup-item.ts';
import type { Room, Usage } from '../model/upkeep.ts';
import { describeSetup } from '../setup/description.mjs';
import { bytesText, counted } from '../text/amounts.ts';
import type { Context } from './context.ts';
import { packagesItem, uvItem } from './python-setup.ts';
import type { FoundRoot } from './root.ts';

export type { SetupItem } from '../model/setup-item.ts';
export type { Usage } from '../model/upkeep.ts';

/** What is set up and what is not: Node, packages, the training engine, the project and its store. */
export async function describeProject(context: Context): Promise<readonly SetupItem[]> {
  const { root, environment } = context;
  const packages = packagesItem(root, pipelinesIn(root), environment);
  const items: SetupItem[] = [...describeSetup(), uvItem(environment), projectItem(context.found)];
  if (packages !== undefined) items.push(packages);
  items.push(...(await executorItems(context)));
  const folder = context.places.store;
  if (!existsSync(folder)) return [...items, { name: 'store', ok: true, detail: `none yet: a first run makes it, ${folder}` }];
  const store = context.store();
  const problem = store.ok ? store.value.unwritable : store.problems[0];
  const { hint } = problem ?? {};
  items.push({ name: 'store', ok: problem === undefined, detail: problem?.message ?? folder, ...(hint === undefined ? {} : { hint }) });
  const used = await usageOf(context);
  return used.ok ? [...items, diskItem(used.value)] : items;
}

/** Where the chosen executor executes nodes, asked anew; nothing where none was chosen. */
async function executorItems(context: Context): Promise<SetupItem[]> {
  const { executor: chosen } = context;
  if (chosen === undefined) return [];
  const executors = await context.openExecutors(true);
  const found = executors.ok ? await executors.value.get() : executors;
  if (!found.ok) {
    const [problem] = found.problems;
    const { message = '', hint } = problem ?? {};
    return [{ name: 'executor', ok: false, detail: message, ...(hint === undefined ? {} : { hint }) }];
  }
  const { facts, items } = found.value;
  const { cpu, cores, memory, accelerator } = facts.machine;
  const parts = [
    facts.platform,
    String(cpu),
    ...(typeof cores === 'number' ? [counted(cores, 'thread')] : []),
    ...(typeof memory === 'number' ? [bytesText(memory)] : []),
    ...(accelerator === 'gpu' ? ['gpu'] : []),
    ...(items === undefined ? Object.keys(facts.engines) : []),
  ];
  const first: SetupItem = { name: 'executor', ok: true, detail: `${chosen}: ${parts.join(', ')}` };
  return [first, ...(items ?? []).map((item) => itemThere(item, chosen))];
}

/** Something that the machines of an executor have, or lack, and what to do about it. */
function itemThere({ name, ok, detail, optional }: SetupItem, executor: string): SetupItem {
  const setUp = `npx stillroom doctor --executor ${executor} ${name === 'openvino' ? '--openvino' : '--install'}`;
  const own = 'machines of another kind are an executor of their own (partition:, constraint:)';
  return {
    ...{ name: `${executor}: ${name}`, ok, detail },
    ...(optional === true ? { optional, hint: setUp } : ok ? {} : { hint: own }),
  };
}

/** Sets up what is missing where the chosen executor executes nodes; false: that is this machine. */
export async function setUpExecutor(context: Context, how: SetUp): Promise<Outcome<boolean>> {
  context.tell = how.tell;
  context.signal = how.signal;
  const executors = await context.executors();
  const found = executors.ok ? await executors.value.get() : executors;
  if (!found.ok) return found;
  if (found.value.setUp === undefined) return done(false);
  const ended = await found.value.setUp(how);
  return ended.ok ? done(true) : ended;
}

/** What takes how much room in the project's store, which must be there. */
export async function usageOf(context: Context): Promise<Outcome<Usage>> {
  return context.withStore((store) => {
    const usage = store.maintenance.usage();
    store.flush();
    return done(usage);
  });
}

/** The pipeline files of a project, absolute. */
function pipelinesIn(root: string): readonly string[] {
  return [
    ...namesIn(root).filter((name) => /^pipeline\.ya?ml$/.test(name)),
    ...namesIn(join(root, 'pipelines')).flatMap((name) => (/\.ya?ml$/.test(name) ? [join('pipelines', name)] : [])),
  ].map((name) => join(root, name));
}

/** Which folder is taken for the project, and why. */
function projectItem({ root, mark }: FoundRoot): SetupItem {
  const own = namesIn(join(root, 'stages')).filter((name) => existsSync(join(root, 'stages', name, 'stage.ts')));
  const pipelines = pipelinesIn(root);
  const begin = { hint: 'npx stillroom init (writes an example, and what an editor needs)' };
  if (mark === undefined)
    return { name: 'project', ok: true, detail: `${root}, the folder itself: neither it nor one above holds a project`, ...begin };
  const known = `${root}, known by its ${mark}`;
  if (pipelines.length + own.length === 0) return { name: 'project', ok: true, detail: `${known}: no pipeline yet`, ...begin };
  const holds = `${counted(pipelines.length, 'pipeline')}, ${counted(own.length, 'stage')} of its own`;
  return { name: 'project', ok: true, detail: `${known}: ${holds}` };
}

/** Rooms of which each stands in the words of a person. */
const ROOMS: Readonly<Record<Room, string>> = {
  outputs: 'outputs and code',
  sources: 'kept sources',
  'small content': 'small files and results',
  checkpoints: 'checkpoints',
  logs: 'logs',
  latest: 'latest/',
  records: 'records',
  scratch: 'scratch',
  quarantine: 'quarantine',
  index: 'index',
  other: 'other',
};

/** How much a store must hold of what gc would remove for that to be worth a word. */
const WORTH = 1024 * 1024;

function diskItem({ bytes, rooms, reclaimable }: Usage): SetupItem {
  const parts = rooms.map(({ room, bytes: own }) => `${ROOMS[room]} ${bytesText(own)}`);
  const detail = `${bytesText(bytes)}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
  const free = reclaimable < WORTH ? undefined : `npx stillroom gc (frees ${bytesText(reclaimable)} that no run needs)`;
  return { name: 'disk', ok: true, detail, ...(free === undefined ? {} : { hint: free }) };
}
