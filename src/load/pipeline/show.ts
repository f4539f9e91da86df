import type { Instance } from '../../model/pipeline.ts';
import { pointerStep } from '../../text/json-pointer.ts';
import { suggestion } from '../../text/suggestion.ts';
import { isFull, type NodeContext } from './context.ts';

/** Complains of each entry of `show:` that is no metric and no output of a node. */
export function checkShow(
  file: { readonly show?: readonly string[]; readonly stages: object },
  instances: ReadonlyMap<string, readonly Instance[]>,
  { locate, problems }: NodeContext,
): void {
  const metricsOf = ({ work, outputs, metrics }: Instance): string[] | undefined =>
    work.kind === 'command' && work.metrics !== undefined ? undefined : [...Object.keys(metrics), ...Object.keys(outputs)];
  const known = [...instances].flatMap(([node, [first]]) =>
    first === undefined ? [] : (metricsOf(first) ?? Object.keys(first.outputs)).map((name) => `${node}.${name}`),
  );
  for (const [index, shown] of (file.show ?? []).entries()) {
    if (isFull({ problems })) break;
    const [node = '', name = ''] = shown.split('.');
    // Of a node with a problem of its own nothing is known, and of one that is turned off nothing is shown.
    if (Object.hasOwn(file.stages, node) && (instances.get(node) ?? []).length === 0) continue;
    const [instance] = instances.get(node) ?? [];
    const own = instance === undefined ? [] : metricsOf(instance);
    if (instance !== undefined && name !== '' && (own === undefined || own.includes(name))) continue;
    const message = `"${shown}" is not a node's metric or output`;
    const whole = name === '' ? (own ?? []).map((one) => `${node}.${one}`) : [];
    const hint = whole.length > 0 ? `write ${whole.join(' or ')}` : suggestion(shown, known);
    problems.push(locate.problem('unknown-reference', message, `/show${pointerStep(index)}`, 'value', hint));
  }
}
