import { canonicalJson } from '../model/canonical.ts';
import { namedEngines } from '../model/facts.ts';
import type { Json } from '../model/json.ts';
import type { Store } from '../model/store.ts';
import type { Ingredients } from '../model/result.ts';

/** One ingredient that differs between two fingerprints. */
export interface Difference {
  /** For example `param lr`, `input data`, `code`. */
  readonly what: string;
  readonly from: string;
  readonly to: string;
}

const SHORT = 12;

function brief(value: unknown): string {
  if (value === undefined || value === null) return 'none';
  const text = typeof value === 'string' ? value : canonicalJson(value);
  return /^[0-9a-f]{64}$/.test(text) ? text.slice(0, SHORT) : text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function differingMembers(
  what: string,
  from: Readonly<Record<string, unknown>> | null | undefined,
  to: Readonly<Record<string, unknown>> | null | undefined,
): Difference[] {
  const names = [...new Set([...Object.keys(from ?? {}), ...Object.keys(to ?? {})])].sort();
  return names
    .filter((name) => canonicalJson((from?.[name] as Json | undefined) ?? null) !== canonicalJson((to?.[name] as Json | undefined) ?? null))
    .map((name) => ({ what: `${what} ${name}`.trimStart(), from: brief(from?.[name]), to: brief(to?.[name]) }));
}

/** Sources as a message names them: one's own first, and of packages only the names. */
function namedSources(files: readonly string[]): string[] {
  const inPackage = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//;
  const own = files.filter((file) => !inPackage.test(file));
  const packages = files.flatMap((file) => inPackage.exec(file)?.[1] ?? []);
  return [...own, ...new Set(packages)];
}

function codeDifferences(from: Ingredients['work'], to: Ingredients['work'], store: Store): Difference[] {
  if (from.kind === 'stage' && to.kind === 'stage') {
    const packages = differingMembers('package', from.packages, to.packages);
    if (from.code === to.code) return packages;
    const [before, after] = [store.bundles.read(from.code)?.files, store.bundles.read(to.code)?.files];
    const files =
      before === undefined || after === undefined ? [] : namedSources(differingMembers('', before, after).map(({ what }) => what.trim()));
    return [
      {
        what: files.length === 0 ? 'code' : `code in ${files.slice(0, 4).join(', ')}${files.length > 4 ? ', …' : ''}`,
        from: brief(from.code),
        to: brief(to.code),
      },
      ...packages,
    ];
  }
  if (from.kind === 'command' && to.kind === 'command') {
    const run = canonicalJson(from.run) === canonicalJson(to.run) ? [] : [{ what: 'command', from: brief(from.run), to: brief(to.run) }];
    return [...run, ...differingMembers('tool', from.tools, to.tools), ...differingMembers('place of', from.at, to.at)];
  }
  return [{ what: 'kind of work', from: from.kind, to: to.kind }];
}

function inputDifferences(from: Ingredients['inputs'], to: Partial<Ingredients['inputs']>): Difference[] {
  const differences: Difference[] = [];
  for (const [port, now] of Object.entries(to)) {
    const before = from[port];
    if (now === undefined || canonicalJson(before ?? null) === canonicalJson(now)) continue;
    const contents = (input: typeof before): string => (input?.elements ?? []).map(({ content }) => content.slice(0, SHORT)).join(', ');
    const sorted = (input: typeof before): string => canonicalJson((input?.elements ?? []).map(canonicalJson).sort());
    const reordered = before !== undefined && sorted(before) === sorted(now);
    if (before !== undefined && now.elements.length === before.elements.length && now.many && !reordered) {
      for (const [index, element] of now.elements.entries()) {
        const old = before.elements.find(({ key }) => canonicalJson(key) === canonicalJson(element.key)) ?? before.elements[index];
        if (old?.content !== element.content)
          differences.push({ what: `input ${port} ${canonicalJson(element.key)}`, from: brief(old?.content), to: brief(element.content) });
      }
    } else
      differences.push({
        what: reordered ? `order of input ${port}` : `input ${port}`,
        from: contents(before) || 'none',
        to: contents(now),
      });
  }
  for (const port of Object.keys(from)) if (!(port in to)) differences.push({ what: `input ${port}`, from: 'connected', to: 'none' });
  return differences;
}

/** What differs between two sets of ingredients. Inputs whose content is not known yet are left out. */
export function differences(
  from: Ingredients,
  to: Omit<Ingredients, 'inputs'> & { readonly inputs: Partial<Ingredients['inputs']> },
  unknownPorts: readonly string[],
  store: Store,
): Difference[] {
  const known = Object.fromEntries(Object.entries(from.inputs).filter(([port]) => !unknownPorts.includes(port)));
  return [
    ...differingMembers('param', from.params, to.params),
    ...codeDifferences(from.work, to.work, store),
    ...inputDifferences(known, to.inputs),
    ...differingMembers('environment variable', from.env, to.env),
    ...differingMembers('output', from.outputs, to.outputs),
    ...differingMembers('', namedEngines(from), namedEngines(to)),
    ...differingMembers('machine', from.machine, to.machine),
    ...(from.cpu === to.cpu ? [] : [{ what: 'cpu', from: String(from.cpu), to: String(to.cpu) }]),
    ...(from.platform === to.platform ? [] : [{ what: 'platform', from: brief(from.platform), to: brief(to.platform) }]),
    ...(from.format === to.format && from.stageApi === to.stageApi
      ? []
      : [{ what: "Stillroom's own format", from: `${from.format}.${from.stageApi}`, to: `${to.format}.${to.stageApi}` }]),
  ];
}

/** One sentence that names the differences. */
export function sentence(found: readonly Difference[]): string {
  const [first, second, ...rest] = found;
  if (first === undefined) return 'nothing that counts has changed';
  const say = ({ what, from, to }: Difference): string =>
    what.startsWith('code') ? `${what} changed` : `${what} changed: ${from} → ${to}`;
  return [say(first), ...(second === undefined ? [] : [say(second)]), ...(rest.length === 0 ? [] : [`${rest.length} more`])].join('; ');
}
