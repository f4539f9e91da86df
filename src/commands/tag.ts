import { isTagName } from '../model/store.ts';
import { suggestion } from '../text/suggestion.ts';
import { findRun } from '../records/find.ts';
import { EXIT, fail, printJson } from './problems.ts';
import { type CommonOptions, openStore, projectRoot } from './project.ts';
import type { ProblemCode } from '../model/problem-codes.ts';

export interface TagOptions extends CommonOptions {
  readonly delete?: boolean;
  readonly pin?: boolean;
  readonly unpin?: boolean;
}

/** `stillroom tag`: names a run, pins it, or lists what is named. Tagged and pinned runs are kept by `gc`. */
export function tagCommand(word: string | undefined, name: string | undefined, options: TagOptions): number {
  const json = options.json === true;
  const usage = (code: ProblemCode, message: string, hint: string): number => fail([{ kind: 'usage', code, message, hint }], json);
  const store = openStore(projectRoot(process.cwd()), options);
  if (!store.ok) return fail(store.problems, json);
  const { tags } = store.value;
  const tell = (text: string, value: object): number => {
    if (json) printJson(value);
    else if (text !== '') process.stdout.write(`${text}\n`);
    return EXIT.done;
  };
  if (word === undefined) {
    const all = tags.all();
    const pins = tags.pins();
    const lines = [...all.map((tag) => `${tag.name}  ${tag.run}`), ...pins.map((run) => `(pinned)  ${run}`)];
    return tell(lines.join('\n'), { tags: all, pins });
  }
  if (options.delete === true) {
    const run = tags.read(word);
    if (run === undefined)
      return usage(
        'unknown-tag',
        `there is no tag "${word}"`,
        suggestion(
          word,
          tags.all().map((tag) => tag.name),
        ),
      );
    tags.delete(word);
    return tell(`${word} no longer names ${run}`, { deleted: word, run });
  }
  const found = findRun(store.value, word);
  if (!found.ok) return fail(found.problems, json);
  const { id, hash = null } = found.value;
  if (options.pin === true || options.unpin === true) {
    if (options.pin === true) tags.pin(id);
    else tags.unpin(id);
    return tell(`${id} is ${options.pin === true ? 'pinned: gc keeps it' : 'no longer pinned'}`, {
      run: id,
      hash,
      pinned: options.pin === true,
    });
  }
  if (name === undefined) return usage('bad-option', 'say what to call the run', `stillroom tag ${word} paper-table-2, or --pin`);
  if (!isTagName(name))
    return usage('bad-tag', `"${name}" cannot be a tag`, 'letters, digits, - _ and dots, beginning with a letter, and no hash');
  const before = tags.read(name);
  tags.set(name, id);
  return tell(`${name} names ${id}${before === undefined || before === id ? '' : ` (before: ${before})`}`, {
    tag: name,
    run: id,
    hash,
    before: before ?? null,
  });
}
