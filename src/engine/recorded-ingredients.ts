import type { ElementIngredient, Ingredients } from '../model/result.ts';
import type { JsonObject } from '../model/json.ts';
import type { InputElement } from '../model/pipeline.ts';
import type { Recipe, RunNode, RunRecord } from '../model/run.ts';

/** The ingredients of a node as far as a record has them: how engines were used, and how a child ran a stage, it does not say. */
export interface RecordedIngredients {
  readonly ingredients: Ingredients;
  /** Input ports whose content is not known: what they take from did not come out. */
  readonly unknown: readonly string[];
}

function workOf({ code = '' }: RunNode, { work, inputs, numbers }: Recipe): Ingredients['work'] {
  if (work.kind === 'stage') return { ...work, code };
  const at = Object.fromEntries(inputs.flatMap((input) => (input.at === undefined ? [] : [[input.port, input.at]])));
  return {
    kind: 'command',
    run: work.run,
    tools: work.toolDigests,
    at,
    metrics: work.metrics ?? null,
    ...(numbers === undefined ? {} : { numbers }),
    ...(work.environmentHeld === undefined ? {} : { environment: work.environmentHeld }),
    ...(work.code?.recorded === undefined ? {} : { code: work.code.recorded.digest }),
  };
}

/** What an element of an input was, as `inputs.ts` makes ingredients of it. */
function elementOf({ key, origin }: InputElement, { sources, nodes }: RunRecord): ElementIngredient | undefined {
  if (origin.kind === 'source') {
    const source = sources[origin.source];
    if (source === undefined) return undefined;
    return { key, content: source.digest, suffix: source.suffix ?? '', ...(source.executable === true ? { executable: true } : {}) };
  }
  const from = nodes[origin.instance];
  const output = from?.outputs?.[origin.port];
  if (output === undefined) return undefined;
  const content = output.measured ? `measured:${from?.fingerprint}` : output.digest;
  return { key, content, suffix: output.suffix, ...(output.executable === true ? { executable: true } : {}) };
}

/** What a node of a run was made of, from the record alone; undefined where it does not say how the node was done. */
export function recordedIngredients(record: RunRecord, name: string): RecordedIngredients | undefined {
  const node = record.nodes[name];
  const recipe = node?.recipe;
  if (node === undefined || recipe === undefined) return undefined;
  const unknown: string[] = [];
  const inputs: Record<string, Ingredients['inputs'][string]> = {};
  for (const { port, many, at, elements } of recipe.inputs) {
    const found = elements.flatMap((element): ElementIngredient[] => {
      const ingredient = elementOf(element, record);
      return ingredient === undefined ? [] : [{ ...ingredient, ...(many ? {} : { key: {} }), ...(at === undefined ? {} : { suffix: '' }) }];
    });
    if (found.length === elements.length) inputs[port] = { many, elements: found };
    else unknown.push(port);
  }
  const { work, outputs, env } = recipe;
  const machine = record.facts['machine'] as JsonObject | undefined;
  const platform = record.facts['platform'];
  const ingredients: Ingredients = {
    format: record.format,
    stageApi: 0,
    work: workOf(node, recipe),
    params: node.params,
    inputs,
    outputs: Object.fromEntries(
      Object.entries(outputs).map(([port, { kind, suffix }]) => [
        port,
        work.kind === 'command' ? `${kind} ${work.paths[port]}` : kind + suffix,
      ]),
    ),
    env: Object.fromEntries(env.filter(({ secret }) => !secret).map(({ name: variable, value }) => [variable, value ?? null])),
    cpu: recipe.resources.cpu,
    platform: work.kind === 'stage' && typeof platform === 'string' ? platform : null,
    engines: {},
    machine: recipe.measures ? (machine ?? null) : null,
  };
  return { ingredients, unknown };
}
