import type { Project } from '../project/project.ts';
import { type Answer, answer, refusal } from './answer.ts';
import { flag, verb } from './verb.ts';

/** `stillroom tag`: names a run, pins it, or lists what is named. Tagged and pinned runs are kept by `gc`. */
export default verb({
  name: 'tag',
  arguments: ['[run]', '[name]'],
  about: 'name a run, or list the names',
  example: 'stillroom tag @latest paper-table-2',
  options: {
    delete: flag('--delete', 'remove a name: stillroom tag --delete paper-table-2'),
    pin: flag('--pin', 'keep the run from gc without a name'),
    unpin: flag('--unpin', 'let gc remove it again'),
  },
  async run({ run, name, delete: isDeleted, pin, unpin }, { open }) {
    const { tags, records } = await open();
    if (run === undefined) return list(tags);
    if (isDeleted) return remove(tags, run);
    if (pin || unpin) return setPin(tags, run, pin);
    if (name !== undefined) return give(tags, run, name);
    const found = await records.find(run);
    const problem = {
      kind: 'usage',
      code: 'bad-option',
      message: 'say what to call the run',
      hint: `stillroom tag ${run} paper-table-2, or --pin`,
    } as const;
    return refusal(found.ok ? [problem] : found.problems);
  },
});

type TagBook = Project['tags'];

async function list(book: TagBook): Promise<Answer> {
  const listed = await book.list();
  if (!listed.ok) return refusal(listed.problems);
  const { tags, pins } = listed.value;
  if (tags.length + pins.length === 0) return answer({ tags, pins }, ['no run has a name or a pin: stillroom tag @latest NAME gives one']);
  return answer({ tags, pins }, [...tags.map(({ name, run }) => `${name}  ${run}`), ...pins.map((run) => `(pinned)  ${run}`)]);
}

async function remove(book: TagBook, name: string): Promise<Answer> {
  const deleted = await book.delete(name);
  if (!deleted.ok) return refusal(deleted.problems);
  return answer({ deleted: name, run: deleted.value.run }, [`${name} no longer names ${deleted.value.run}`]);
}

async function setPin(book: TagBook, word: string, isPinned: boolean): Promise<Answer> {
  const found = await book.pin(word, isPinned);
  if (!found.ok) return refusal(found.problems);
  const { id: run, hash = null } = found.value;
  return answer({ run, hash, pinned: isPinned }, [`${run} is ${isPinned ? 'pinned: gc keeps it' : 'no longer pinned'}`]);
}

async function give(book: TagBook, word: string, name: string): Promise<Answer> {
  const given = await book.set(word, name);
  if (!given.ok) return refusal(given.problems);
  const { run, hash, before } = given.value;
  return answer({ tag: name, run, hash, before }, [
    `${name} names ${run}${before === null || before === run ? '' : ` (before: ${before})`}`,
  ]);
}
