import type { Json, JsonObject } from '../../model/json.ts';
import type { Problem } from '../../model/problem.ts';
import type { Key } from '../../model/pipeline.ts';
import type { Locate } from '../yaml/locate.ts';
import { suggestion } from '../../text/suggestion.ts';
import { pointerStep, readYaml } from '../yaml/document.ts';

/** A `--set` for one instance of a node. */
export interface InstanceOverride {
  readonly node: string;
  readonly key: Key;
  readonly param: string;
  readonly value: Json;
  readonly option: string;
}

type Mutable = { [key: string]: Mutable | Json };

const FORM = /^(?<path>[a-z][a-z0-9_-]*(?:\[(?<key>[^\]]*)\])?(?:\.(?<param>[A-Za-z][A-Za-z0-9_-]*))?)=(?<value>[\s\S]*)$/;

function usage(message: string, hint: string): Problem {
  return { kind: 'usage', code: 'bad-set', message, hint };
}

/** Problems of a value that would lose something; any other text that is not YAML, or that holds what looks like a comment, is taken as it is. */
const LOSSES: ReadonlySet<string> = new Set(['yaml-integer', 'yaml-number', 'yaml-too-large', 'yaml-duplicate-key']);

/** The value that an option's text stands for. */
export function plainValue(text: string): { readonly value: Json; readonly problem?: Problem } {
  if (text === '' || /(^|\s)#/.test(text)) return { value: text };
  const { value, problems } = readYaml('', text);
  const [problem] = problems.filter(({ code }) => LOSSES.has(code));
  if (problem !== undefined) return { value: text, problem };
  return { value: problems.length > 0 ? text : value };
}

function readKey(text: string): Key {
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const [name = '', ...rest] = pair.split('=');
      return [name.trim(), plainValue(rest.join('=')).value];
    }),
  );
}

/**
 * Applies `--set` options to a file's value, which is not changed: `size=96` a param, `student.epochs=5` a node's param,
 * `teacher[fold=2].epochs=3` that of one instance (returned apart), `sources.images=DIR` a source.
 */
export function applyOverrides(
  value: Json,
  options: readonly string[],
  locate: Locate,
): { readonly value: Json; readonly instances: readonly InstanceOverride[]; readonly problems: readonly Problem[] } {
  const copy = structuredClone(value) as Mutable;
  const instances: InstanceOverride[] = [];
  const problems: Problem[] = [];
  const isMapping = copy !== null && typeof copy === 'object' && !Array.isArray(copy);
  const members = (name: string): string[] => Object.keys(((isMapping ? copy[name] : undefined) ?? {}) as JsonObject);
  const assign = (steps: readonly string[], to: Json, option: string): void => {
    let at = copy;
    for (const step of steps.slice(0, -1)) {
      if (at[step] === null || typeof at[step] !== 'object') at[step] = {};
      at = at[step] as Mutable;
    }
    at[steps.at(-1) ?? ''] = to;
    locate.options.set(steps.map(pointerStep).join(''), `--set ${option}`);
  };
  for (const option of options) {
    const match = FORM.exec(option);
    if (!isMapping || match?.groups === undefined) {
      problems.push(
        usage(
          `--set ${option} is not of the form name=value`,
          'for example --set size=96, --set student.epochs=5 or --set sources.images=folder',
        ),
      );
      continue;
    }
    const { path = '', key, param, value: text = '' } = match.groups;
    const name = path.split(/[.[]/, 1)[0] ?? '';
    const { value: to, problem } = plainValue(text);
    if (problem !== undefined) problems.push(usage(`--set ${option}: ${problem.message}`, problem.hint ?? ''));
    else if (param === undefined) {
      if (members('params').includes(name)) assign(['params', name], to, option);
      else problems.push(usage(`--set ${option}: no param is named "${name}"`, suggestion(name, members('params'))));
    } else if (name === 'sources' && key === undefined) {
      if (!members('sources').includes(param))
        problems.push(usage(`--set ${option}: no source is named "${param}"`, suggestion(param, members('sources'))));
      else assign(['sources', param], text, option);
    } else if (!members('stages').includes(name)) {
      problems.push(usage(`--set ${option}: no node is named "${name}"`, suggestion(name, members('stages'))));
    } else if (key !== undefined) instances.push({ node: name, key: readKey(key), param, value: to, option: `--set ${option}` });
    else assign(['stages', name, 'with', param], to, option);
  }
  return { value: copy as Json, instances, problems };
}
