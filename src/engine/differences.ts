import { isObject, parseJson } from '../files/json.ts';
import { shorten } from '../text/shorten.ts';
import { ownMember } from '../model/own-member.ts';
import { canonicalJson, exactJson, isDigest } from '../model/canonical.ts';
import { dottedParams } from '../model/dotted.ts';
import { namedEngines } from '../model/facts.ts';
import { isSameInput } from '../model/fingerprint.ts';
import { pointText } from '../model/instance-name.ts';
import type { JsonObject } from '../model/json.ts';
import type { Store } from '../model/store.ts';
import type { EnvironmentIngredient, ElementIngredient, Ingredients } from '../model/result.ts';
import { ATTRIBUTES_SINCE } from '../model/run.ts';

type InputIngredient = Ingredients['inputs'][string];

/** One ingredient that differs between two fingerprints. */
export interface Difference {
  /** For example `param lr`, `input data`, `code`. */
  readonly what: string;
  readonly from: string;
  readonly to: string;
}

/** Characters of a digest, and of any value, that a message shows. */
const SHORT = 12;
const LONGEST = 60;

/** How much of what two long values share stands before what they do not. */
const SHARED = 10;

/** Two values that differ as texts that do: digests shortened, long values cut down to where they part. */
function told(from: unknown, to: unknown, write: (value: unknown) => string = exactJson): Pick<Difference, 'from' | 'to'> {
  const plain = (value: unknown): string => (value === undefined ? 'none' : typeof value === 'string' ? value : write(value));
  const quoted = (value: unknown): string => (value === undefined ? 'none' : write(value));
  const text = plain(from) === plain(to) ? quoted : plain;
  const [a, b] = [text(from), text(to)];
  if (isDigest(a) && isDigest(b) && a.slice(0, SHORT) !== b.slice(0, SHORT)) return { from: a.slice(0, SHORT), to: b.slice(0, SHORT) };
  const parting = [...a].findIndex((char, index) => char !== b[index]);
  const start = Math.max(0, (parting < 0 ? a.length : parting) - SHARED);
  const isLong = a.length > LONGEST || b.length > LONGEST;
  const cut = (whole: string): string => {
    const rest = isLong && start + SHARED > LONGEST / 2 ? `…${whole.slice(start)}` : whole;
    return isDigest(whole) ? whole.slice(0, SHORT) : shorten(rest, LONGEST);
  };
  return { from: cut(a), to: cut(b) };
}

type Members = Readonly<Record<string, unknown>> | null | undefined;

/** The members that differ; `write` says what of their values counts. */
function differingMembers(what: string, from: Members, to: Members, write: (value: unknown) => string = canonicalJson): Difference[] {
  const names = [...new Set([...Object.keys(from ?? {}), ...Object.keys(to ?? {})])].sort();
  const text = (value: unknown): string => (value === undefined ? '' : write(value));
  const isThere = (members: Members): string => (members === null || members === undefined ? 'none' : 'there');
  if (names.length === 0 && isThere(from) !== isThere(to)) return [{ what, from: isThere(from), to: isThere(to) }];
  return names
    .filter((name) => text(ownMember(from, name)) !== text(ownMember(to, name)))
    .map((name) => ({ what: `${what} ${name}`.trimStart(), ...told(ownMember(from, name), ownMember(to, name), write) }));
}

/** The params that differ, those within a choice or a group by their dotted names; whole ones where only the order of their keys does. */
function paramDifferences(from: JsonObject, to: JsonObject, write: (value: unknown) => string): Difference[] {
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort();
  return names.flatMap((name) => {
    const only = (params: JsonObject): JsonObject => (params[name] === undefined ? {} : { [name]: params[name] });
    const within = differingMembers('param', dottedParams(only(from)), dottedParams(only(to)), write);
    return within.length > 0 ? within : differingMembers('param', only(from), only(to), write);
  });
}

/** What Stillroom itself adds to a bundle. */
const ENTRY = /(?:^|\/)<stdin>$/;

/** Sources as a message names them: one's own first, and of packages only the names. */
function namedSources(files: readonly string[]): string[] {
  const inPackage = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//;
  const own = files.filter((file) => !inPackage.test(file) && !ENTRY.test(file));
  const packages = files.flatMap((file) => inPackage.exec(file)?.[1] ?? []);
  return [...own, ...new Set(packages)];
}

/** What differs of the code; of a former format only what is not Stillroom's own. */
function codeDifferences(from: Ingredients['work'], to: Ingredients['work'], store: Store, isFormer: boolean): Difference[] {
  if (from.kind === 'stage' && to.kind === 'stage') {
    const network = ({ network: may }: typeof from): string => (may === true ? 'allowed' : 'not allowed');
    const others = [
      ...differingMembers('package', from.packages, to.packages),
      ...(from.network === to.network ? [] : [{ what: 'network', from: network(from), to: network(to) }]),
    ];
    if (from.code === to.code) return others;
    const [before, after] = [store.bundles.read(from.code)?.files, store.bundles.read(to.code)?.files];
    const isKnown = before !== undefined && after !== undefined;
    const files = isKnown ? namedSources(differingMembers('', before, after).map(({ what }) => what.trim())) : [];
    if (isFormer && isKnown && files.length === 0) return others;
    return [
      {
        what: files.length === 0 ? 'code' : `code in ${files.slice(0, 4).join(', ')}${files.length > 4 ? ', …' : ''}`,
        ...told(from.code, to.code),
      },
      ...others,
    ];
  }
  if (from.kind === 'command' && to.kind === 'command') {
    return [
      ...(canonicalJson(from.run) === canonicalJson(to.run) ? [] : [{ what: 'command', ...told(from.run, to.run) }]),
      ...differingCode(from.code, to.code, store),
      ...(from.metrics === to.metrics ? [] : [{ what: 'metrics file', ...told(from.metrics ?? undefined, to.metrics ?? undefined) }]),
      ...differingEnvironments(from.environment, to.environment),
      ...differingMembers('tool', from.tools, to.tools),
      ...differingMembers('place of', from.at, to.at),
    ];
  }
  return [{ what: 'kind of work', from: from.kind, to: to.kind }];
}

/** The files of a command that count otherwise than before. */
function differingCode(from: string | undefined, to: string | undefined, { artifacts }: Store): Difference[] {
  if (from === to) return [];
  const countsOf = (digest: string | undefined): Readonly<Record<string, unknown>> => {
    const bytes = digest === undefined ? undefined : artifacts.read(digest);
    return (bytes === undefined ? undefined : parseJson(Buffer.from(bytes).toString('utf8'), isObject)) ?? {};
  };
  const files = differingMembers('', countsOf(from), countsOf(to)).map(({ what }) => what.trim());
  const named = `code in ${files.slice(0, 4).join(', ')}${files.length > 4 ? ', …' : ''}`;
  return [{ what: files.length === 0 ? 'code' : named, ...told(from, to) }];
}

/** Python and packages that are others; of packages of the same version, that they hold something else. */
function differingEnvironments(from: EnvironmentIngredient | undefined, to: EnvironmentIngredient | undefined): Difference[] {
  const python = { what: 'Python', from: from?.python ?? 'that of the system', to: to?.python ?? 'that of the system' };
  const platform = { what: 'platform of the environment', from: from?.platform ?? 'none', to: to?.platform ?? 'none' };
  const version = (text: string): string => text.split(' ')[0] ?? text;
  const packages = differingMembers('package', from?.packages ?? {}, to?.packages ?? {}).map((one) =>
    version(one.from) === version(one.to) ? one : { ...one, from: version(one.from), to: version(one.to) },
  );
  return [...[python, platform].filter((one) => one.from !== one.to), ...packages];
}

/** Params that were texts and are numbers now, or the other way round, and are written as before. */
function kindDifferences(from: Pick<Ingredients, 'work' | 'params'>, to: Pick<Ingredients, 'work' | 'params'>): Difference[] {
  const numbersOf = ({ work }: Pick<Ingredients, 'work'>): readonly string[] => (work.kind === 'command' ? (work.numbers ?? []) : []);
  const [before, after] = [numbersOf(from), numbersOf(to)];
  const kind = (is: boolean): string => (is ? 'number' : 'text');
  return [...new Set([...before, ...after])]
    .filter((name) => before.includes(name) !== after.includes(name) && from.params[name] === to.params[name])
    .map((name) => ({ what: `kind of param ${name}`, from: kind(before.includes(name)), to: kind(after.includes(name)) }));
}

/** How one element of an input differs: in its content, or only in what else a work sees of it. */
function elementDifferences(what: string, from: ElementIngredient | undefined, to: ElementIngredient): Difference[] {
  if (from?.content !== to.content) return [{ what, ...told(from?.content, to.content) }];
  const suffix = (element: ElementIngredient): string => element.suffix || 'none';
  const bit = ({ executable }: ElementIngredient): string => (executable === true ? 'executable' : 'not executable');
  return [
    ...(from.suffix === to.suffix ? [] : [{ what: `suffix of ${what}`, from: suffix(from), to: suffix(to) }]),
    ...(from.executable === to.executable ? [] : [{ what: `mode of ${what}`, from: bit(from), to: bit(to) }]),
  ];
}

function pointsOf(elements: readonly ElementIngredient[]): string {
  return elements.map(({ key }) => `[${pointText(key)}]`).join(', ');
}

/** How a connected input differs from what it was. */
function portDifferences(port: string, from: InputIngredient, to: InputIngredient): Difference[] {
  const contents = ({ elements }: InputIngredient): string => elements.map(({ content }) => content.slice(0, SHORT)).join(', ');
  if (from.many !== to.many) return [{ what: `input ${port}`, from: from.many ? 'a list' : 'one', to: to.many ? 'a list' : 'one' }];
  if (from.elements.length !== to.elements.length) return [{ what: `input ${port}`, from: contents(from), to: contents(to) }];
  if (!to.many) return to.elements.flatMap((element, index) => elementDifferences(`input ${port}`, from.elements[index], element));
  const named = (key: JsonObject): ElementIngredient | undefined => from.elements.find((one) => exactJson(one.key) === exactJson(key));
  if (to.elements.some(({ key }) => named(key) === undefined))
    return [{ what: `matrix points of input ${port}`, ...told(pointsOf(from.elements), pointsOf(to.elements)) }];
  const found = to.elements.flatMap((element) =>
    elementDifferences(`input ${port} ${exactJson(element.key)}`, named(element.key), element),
  );
  if (found.length > 0) return found;
  const [before, after] = [contents(from), contents(to)];
  const order = before === after ? told(pointsOf(from.elements), pointsOf(to.elements)) : { from: before, to: after };
  return [{ what: `order of input ${port}`, ...order }];
}

function inputDifferences(from: Ingredients['inputs'], to: Partial<Ingredients['inputs']>): Difference[] {
  const connected = Object.entries(to).flatMap(([port, now]) => {
    const before = ownMember(from, port);
    if (now === undefined || isSameInput(before, now)) return [];
    return before === undefined ? [{ what: `input ${port}`, from: 'none', to: 'connected' }] : portDifferences(port, before, now);
  });
  const gone = Object.keys(from).filter((port) => !Object.hasOwn(to, port));
  return [...connected, ...gone.map((port) => ({ what: `input ${port}`, from: 'connected', to: 'none' }))];
}

/** Stillroom's own changes come first: they make everything run once more. */
function formatDifferences(from: Pick<Ingredients, 'format' | 'stageApi'>, to: Pick<Ingredients, 'format' | 'stageApi'>): Difference[] {
  const differing = (what: string, a: number, b: number): Difference[] => (a === b ? [] : [{ what, from: String(a), to: String(b) }]);
  return [
    ...differing("Stillroom's own format", from.format, to.format),
    ...differing("Stillroom's way to run stages", from.stageApi, to.stageApi),
  ];
}

/** What differs of the engines; of a former format only what was known of them then. */
function engineDifferences(from: Pick<Ingredients, 'engines'>, to: Pick<Ingredients, 'engines'>, isFormer: boolean): Difference[] {
  const [before, after] = [namedEngines(from), namedEngines(to)];
  const known = isFormer ? Object.entries(after).filter(([name]) => name in before) : Object.entries(after);
  return differingMembers('', before, Object.fromEntries(known));
}

/** Ingredients of a former format as far as it kept them: it did not count the order of keys within a value, nor executable bits. */
function asFormer(inputs: Partial<Ingredients['inputs']>): Partial<Ingredients['inputs']> {
  const plain = ({ key, content, suffix }: ElementIngredient): ElementIngredient => ({
    key: JSON.parse(canonicalJson(key)) as JsonObject,
    content,
    suffix,
  });
  return Object.fromEntries(
    Object.entries(inputs).flatMap(([port, input]) =>
      input === undefined ? [] : [[port, { ...input, elements: input.elements.map(plain) }]],
    ),
  );
}

/** What differs between two sets of ingredients. Inputs whose content is not known yet are left out. */
export function differences(
  from: Ingredients,
  to: Omit<Ingredients, 'inputs'> & { readonly inputs: Partial<Ingredients['inputs']> },
  unknownPorts: readonly string[],
  store: Store,
): Difference[] {
  const before = Object.fromEntries(Object.entries(from.inputs).filter(([port]) => !unknownPorts.includes(port)));
  const isFormer = from.format < ATTRIBUTES_SINCE;
  const inputs = isFormer ? ([asFormer(before) as Ingredients['inputs'], asFormer(to.inputs)] as const) : ([before, to.inputs] as const);
  return [
    ...formatDifferences(from, to),
    ...paramDifferences(from.params, to.params, isFormer ? canonicalJson : exactJson),
    ...kindDifferences(from, to),
    ...codeDifferences(from.work, to.work, store, isFormer),
    ...inputDifferences(...inputs),
    ...differingMembers('environment variable', from.env, to.env),
    ...differingMembers('output', from.outputs, to.outputs),
    ...engineDifferences(from, to, isFormer),
    ...differingMembers('machine', from.machine, to.machine),
    ...(from.disturbed === to.disturbed ? [] : [{ what: 'measurement', from: 'beside other work', to: 'alone' }]),
    ...(from.cpu === to.cpu ? [] : [{ what: 'cpu', from: String(from.cpu), to: String(to.cpu) }]),
    ...(from.platform === to.platform ? [] : [{ what: 'platform', ...told(from.platform ?? undefined, to.platform ?? undefined) }]),
  ];
}

/** One sentence that names the differences. */
export function sentence(found: readonly Difference[]): string {
  const [first, second, ...rest] = found;
  if (first === undefined) return 'nothing that counts has changed';
  const say = ({ what, from, to }: Difference): string =>
    // What has changed in code and commands is more than a sentence holds.
    /^(?:code|command$)/.test(what) ? `${what} changed` : `${what} changed: ${from} → ${to}`;
  return [say(first), ...(second === undefined ? [] : [say(second)]), ...(rest.length === 0 ? [] : [`${rest.length} more`])].join('; ');
}
