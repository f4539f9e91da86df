import type { Project } from '../project/project.ts';
import { type Answer, answer, refusal } from './answer.ts';
import { flag, verb } from './verb.ts';

/** `stillroom tag`: names a run or a sweep, pins it, or lists what is named. Tagged and pinned runs, and those of such sweeps, are kept by `gc`. */
export default verb({
  name: 'tag',
  arguments: ['[run]', '[name]'],
  about: 'name a run or a sweep, or list the names',
  example: 'stillroom tag @latest paper-table-2',
  examples: ['stillroom tag', 'stillroom tag --delete paper-table-2'],
  detail: 'What is tagged or pinned is kept by `gc`. Alone it lists the names.',
  options: {
    delete: flag('--delete', 'remove a name: stillroom tag --delete paper-table-2'),
    pin: flag('--pin', 'keep the run, or the runs of the sweep, from gc without a name'),
    unpin: flag('--unpin', 'let gc remove it again'),
  },
  async run({ run, name, delete: isDeleted, pin, unpin }, { open }) {
    const { tags, records, sweeps } = await open();
    if (run === undefined) return list(tags);
    if (isDeleted) return remove(tags, run);
    if (pin || unpin) return setPin(tags, run, pin);
    if (name !== undefined) return give(tags, run, name);
    const sweep = await sweeps.meant(run);
    const found = sweep.ok && sweep.value === undefined ? await records.find(run) : sweep;
    const problem = {
      kind: 'usage',
      code: 'bad-option',
      message: 'say what to call it',
      hint: `stillroom tag ${run} paper-table-2, or --pin`,
    } as const;
    return refusal(found.ok ? [problem] : found.problems);
  },
});

type TagBook = Project['tags'];

async function list(book: TagBook): Promise<Answer> {
  const listed = await book.list();
  if (!listed.ok) return refusal(listed.problems);
  const { tags, pins, sweeps } = listed.value;
  const lines = [
    ...tags.map(({ name, run }) => `${name}  ${run}`),
    ...sweeps.tags.map(({ name, sweep }) => `${name}  the sweep ${sweep}`),
    ...pins.map((run) => `(pinned)  ${run}`),
    ...sweeps.pins.map((sweep) => `(pinned)  the sweep ${sweep}`),
  ];
  return answer({ tags, pins, sweeps }, lines.length === 0 ? ['nothing has a name or a pin: stillroom tag @latest NAME gives one'] : lines);
}

/** A run's id, or a sweep's with the word. */
function thing(kind: 'run' | 'sweep', id: string): string {
  return kind === 'sweep' ? `the sweep ${id}` : id;
}

async function remove(book: TagBook, name: string): Promise<Answer> {
  const deleted = await book.delete(name);
  if (!deleted.ok) return refusal(deleted.problems);
  return answer({ deleted: name, run: deleted.value.run }, [`${name} no longer names ${deleted.value.run}`]);
}

async function setPin(book: TagBook, word: string, isPinned: boolean): Promise<Answer> {
  const found = await book.pin(word, isPinned);
  if (!found.ok) return refusal(found.problems);
  const { kind, id, hash } = found.value;
  const data = kind === 'sweep' ? { sweep: id, pinned: isPinned } : { run: id, hash, pinned: isPinned };
  const kept = kind === 'sweep' ? 'pinned: gc keeps its runs' : 'pinned: gc keeps it';
  return answer(data, [`${thing(kind, id)} is ${isPinned ? kept : 'no longer pinned'}`]);
}

async function give(book: TagBook, word: string, name: string): Promise<Answer> {
  const given = await book.set(word, name);
  if (!given.ok) return refusal(given.problems);
  const { kind, run: id, hash, before } = given.value;
  const data = kind === 'sweep' ? { tag: name, sweep: id, before } : { tag: name, run: id, hash, before };
  return answer(data, [`${name} names ${thing(kind, id)}${before === null || before === id ? '' : ` (before: ${before})`}`]);
}
