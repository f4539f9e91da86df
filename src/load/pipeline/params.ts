import { ownMember } from '../../model/own-member.ts';
import { choiceAbout, type ChoiceDeclaration, choiceFile, declaredDigest, moduleChoices, readChoice } from '../../code/choices.ts';
import type { FoundStage } from '../../code/declarations.ts';
import { isObject } from '../../files/json.ts';
import type { ParamDeclaration, ParamDeclarations } from '../../model/declaration.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { ChosenModule } from '../../model/pipeline.ts';
import type { Problem } from '../../model/problem.ts';
import { suggestion } from '../../text/suggestion.ts';
import type { CheckedBefore } from '../check.ts';
import { type Checked, validate } from '../validate.ts';
import { pointerStep } from '../../text/json-pointer.ts';
import type { Locate } from '../yaml/locate.ts';

/** A stage's params with all defaults filled in, and the modules that they chose. */
interface ResolvedParams {
  readonly params: JsonObject;
  readonly modules: Readonly<Record<string, ChosenModule>>;
}

/** Where params are written, and where complaints go. */
interface ParamsContext {
  readonly stage: FoundStage;
  /** Of the params. */
  readonly pointer: string;
  readonly locate: Locate;
  readonly problems: Problem[];
  /** Pointers of values of which a problem was told already. */
  readonly told: ReadonlySet<string>;
  /** A folder for what can be made again at any time. */
  readonly cache: string;
  /** Which params fitted which schema before. */
  readonly checked: CheckedBefore;
}

const NAMING = { code: 'unknown-param', noun: 'param' } as const;

/** The JSON Schema of declared params. What a choice is told beside its name is left open: it is known once its file is read. */
function schemaOf(declared: ParamDeclarations, stageFolder: string): JsonObject {
  const entries = Object.entries(declared);
  return {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(entries.map(([name, declaration]) => [name, paramSchema(declaration, stageFolder)])),
    required: entries.filter(([, { optional }]) => !optional).map(([name]) => name),
  };
}

function paramSchema({ schema, modules, params }: ParamDeclaration, stageFolder: string): JsonObject {
  if (modules === undefined) return params === undefined ? schema : { ...schema, ...schemaOf(params, stageFolder) };
  const { type: _type, ...rest } = schema;
  const name: JsonObject = { type: 'string', enum: [...moduleChoices(modules, stageFolder).keys()] };
  return { ...rest, anyOf: [name, { type: 'object', properties: { name } }] };
}

/** The JSON Schema of a stage's params for editors: of each choice with all that it takes. */
export async function completionSchemas({ folder, declaration }: FoundStage, cache: string): Promise<Readonly<Record<string, JsonObject>>> {
  const schemas: Record<string, JsonObject> = {};
  for (const [param, own] of Object.entries(declaration.params)) {
    if (own.modules === undefined) {
      schemas[param] = paramSchema(own, folder);
      continue;
    }
    const { type: _type, ...rest } = own.schema;
    const choices = await declaredChoices(own, folder, cache);
    const files = moduleChoices(own.modules, folder);
    const abouts = new Map([...choices.keys()].map((name) => [name, choiceAbout(files.get(name) ?? '') ?? name]));
    const branches = [...choices].map(([name, choice]) => {
      const { properties, ...shape } = schemaOf(choiceParams(own, choice), folder);
      const optional = asMapping(own.schema['default'])['name'] === name;
      return {
        ...shape,
        properties: { name: { const: name, description: abouts.get(name) ?? name }, ...(properties as JsonObject) },
        ...(optional ? {} : { required: ['name'] }),
      };
    });
    const names: JsonObject = { type: 'string', enum: [...choices.keys()], markdownEnumDescriptions: [...abouts.values()] };
    schemas[param] = { ...rest, anyOf: [names, ...branches] };
  }
  return schemas;
}

/**
 * The JSON Schemas by which parts of params are named and set: of a choice that something reaches into, with what any choice of its kind
 * takes, so that it is known whose a param is that the chosen one does not take.
 */
export async function settableSchemas(
  { folder, declaration }: FoundStage,
  named: readonly { readonly param: string; readonly path: readonly string[] }[],
  cache: string,
): Promise<Readonly<Record<string, JsonObject>>> {
  const schemas: Record<string, JsonObject> = {};
  for (const [param, own] of Object.entries(declaration.params)) {
    schemas[param] = own.modules === undefined ? paramSchema(own, folder) : own.schema;
    if (own.modules === undefined || !named.some((one) => one.param === param && one.path.length > 0)) continue;
    const properties: Record<string, Json> = { name: { type: 'string' } };
    for (const choice of (await declaredChoices(own, folder, cache)).values())
      Object.assign(properties, schemaOf(choiceParams(own, choice), folder)['properties']);
    schemas[param] = { ...own.schema, properties };
  }
  return schemas;
}

/** What the choices of each param of a stage take, by param and by choice. */
export type Takers = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** Reads what every choice of a stage's params takes. */
export async function takersOf({ folder, declaration }: FoundStage, cache: string): Promise<Takers> {
  const takers: Record<string, Record<string, readonly string[]>> = {};
  for (const [param, own] of Object.entries(declaration.params)) {
    if (own.modules === undefined) continue;
    const choices = await declaredChoices(own, folder, cache);
    takers[param] = Object.fromEntries([...choices].map(([name, choice]) => [name, Object.keys(choiceParams(own, choice))]));
  }
  return takers;
}

const stageSchemas = new WeakMap<ParamDeclarations, JsonObject>();

function known(declared: ParamDeclarations, stageFolder: string): JsonObject {
  const schema = stageSchemas.get(declared) ?? schemaOf(declared, stageFolder);
  stageSchemas.set(declared, schema);
  return schema;
}

/** What declared params are checked against. */
function against(declared: ParamDeclarations, { stage, checked }: ParamsContext): Checked {
  const schema = known(declared, stage.folder);
  return { schema, check: checked.checkOf(schema) };
}

/** Checks what is given to a stage, and fills in defaults: the stage's, and of each choice its own. */
export async function stageParams(given: JsonObject, context: ParamsContext): Promise<ResolvedParams> {
  const { stage, pointer, locate, problems } = context;
  const declared = stage.declaration.params;
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(declared, name));
  for (const name of unknown)
    problems.push(
      locate.problem('unknown-param', `unknown param "${name}"`, pointer + pointerStep(name), 'key', await placeOf(name, context)),
    );
  const entries = Object.entries(given).filter(([name]) => Object.hasOwn(declared, name));
  const own = Object.fromEntries(entries.map(([name, value]) => [name, unfolded(value)]));
  problems.push(...validate(own, against(declared, context), locate, pointer, { ...NAMING, told: context.told }));
  const params: Record<string, Json> = withDefaults(declared, own);
  const modules: Record<string, ChosenModule> = {};
  for (const [name, declaration] of Object.entries(declared)) {
    if (declaration.modules === undefined) continue;
    const choice = await resolveChoice(name, own[name], declaration, context);
    if (choice === undefined) continue;
    params[name] = choice.params;
    modules[name] = choice.module;
  }
  return { params, modules };
}

/** A choice whose name is itself a choice with params (by a reference) is that one, with what stands beside the name in place of its own. */
function unfolded(value: Json): Json {
  if (!isObject(value) || !isObject(value['name'])) return value;
  const { name, ...rest } = value;
  return unfolded({ ...name, ...rest });
}

/** Declared params in the order of their declaration, with what is given in place of the defaults. */
function withDefaults(declared: ParamDeclarations, given: JsonObject): Record<string, Json> {
  const values: Record<string, Json> = {};
  for (const [name, { schema, params, modules }] of Object.entries(declared)) {
    const own = given[name];
    const isGroup = params !== undefined && modules === undefined;
    const value = isGroup && (own === undefined || isObject(own)) ? withDefaults(params, own ?? {}) : (own ?? schema['default']);
    if (value !== undefined) values[name] = value;
  }
  return values;
}

async function resolveChoice(
  param: string,
  value: Json | undefined,
  declaration: ParamDeclaration,
  context: ParamsContext,
): Promise<{ readonly params: JsonObject; readonly module: ChosenModule } | undefined> {
  const { stage, locate, problems } = context;
  const pointer = context.pointer + pointerStep(param);
  const [written, fallback] = [asMapping(value), asMapping(declaration.schema['default'])];
  const name = written['name'] ?? fallback['name'];
  if (name === undefined && value !== undefined) {
    problems.push(locate.problem('missing-key', `"${param}" does not say which`, pointer, 'key', `write ${param}: { name: … }`));
    return undefined;
  }
  const badDefault = (message: string): void =>
    void problems.push(locate.problem('bad-stage', message, context.pointer, 'key', `fix ${stage.folder}/stage.ts`));
  const file = choiceFile(String(name), declaration.modules ?? '', stage.folder);
  if (file === undefined) {
    if (name !== undefined && written['name'] === undefined) badDefault(`the default of "${param}" is "${name}", which there is not`);
    return undefined;
  }
  const read = await readChoice(file, context.cache);
  if (!read.ok) {
    for (const { code, message, hint } of read.problems) problems.push(locate.problem(code, message, pointer, 'value', hint));
    return undefined;
  }
  const { name: _name, ...given } = written;
  const declared = choiceParams(declaration, read.value);
  const { name: of, ...preset } = fallback;
  const stray = of === name ? Object.keys(preset).find((key) => !Object.hasOwn(declared, key)) : undefined;
  if (stray !== undefined) badDefault(`the default of "${param}" gives "${name}" a param "${stray}", which it has not`);
  problems.push(...(await checkChoice({ param, name: String(name), given, declared }, declaration, context)));
  const values = withDefaults(declared, { ...(of === name ? preset : {}), ...given });
  return {
    params: { name: String(name), ...values },
    module: { file, takesParams: read.value.params !== null, declared: declaredDigest(read.value) },
  };
}

const merged = new WeakMap<ChoiceDeclaration, Map<ParamDeclaration, ParamDeclarations>>();

/** What a choice takes: what every choice of its kind is told, then its own params. */
function choiceParams(declaration: ParamDeclaration, choice: ChoiceDeclaration): ParamDeclarations {
  const known = merged.get(choice) ?? new Map<ParamDeclaration, ParamDeclarations>();
  const params = known.get(declaration) ?? { ...declaration.params, ...choice.params };
  merged.set(choice, known.set(declaration, params));
  return params;
}

/** A choice as it is written, and what it takes. */
interface GivenChoice {
  readonly param: string;
  readonly name: string;
  readonly given: JsonObject;
  readonly declared: ParamDeclarations;
}

async function checkChoice(
  { param, name, given, declared }: GivenChoice,
  declaration: ParamDeclaration,
  context: ParamsContext,
): Promise<Problem[]> {
  const { locate } = context;
  const pointer = context.pointer + pointerStep(param);
  const problems: Problem[] = [];
  for (const key of Object.keys(given).filter((one) => !Object.hasOwn(declared, one))) {
    const own = Object.keys(declared);
    const found = await placeIn(key, param, declaration, context);
    const none = own.length === 0 ? `"${name}" takes no params` : suggestion(key, own);
    const hint = found === undefined ? none : `${found.whose}write ${found.write}`;
    problems.push(locate.problem('unknown-param', `"${name}" has no param "${key}"`, pointer + pointerStep(key), 'key', hint));
  }
  const fits = Object.fromEntries(Object.entries(given).filter(([key]) => Object.hasOwn(declared, key)));
  // What is not given needs no check, and most choices are given nothing.
  if (Object.keys(fits).length > 0 || Object.values(declared).some(({ optional }) => !optional))
    problems.push(...validate(fits, against(declared, context), locate, pointer, { ...NAMING, told: context.told }));
  return problems;
}

/** Where a name that a stage does not know as a param stands today, or what it may be a slip of. */
async function placeOf(name: string, context: ParamsContext): Promise<string> {
  const { params, former = {} } = context.stage.declaration;
  const [outer = '', inner = name] = ownMember(former, name)?.split('.') ?? [];
  const now = Object.hasOwn(params, outer) ? { [outer]: params[outer] as ParamDeclaration } : params;
  for (const [param, declaration] of Object.entries(now)) {
    const found = await placeIn(inner, param, declaration, context);
    if (found !== undefined)
      return now === params ? `${found.whose}write ${found.write}` : `it is ${former[name]} now: write ${found.write}`;
  }
  return suggestion(name, Object.keys(params));
}

/** How a param is written that belongs to a group, to all choices of a kind, or to some of them, and to which. */
async function placeIn(
  key: string,
  param: string,
  declaration: ParamDeclaration,
  context: ParamsContext,
): Promise<{ readonly whose: string; readonly write: string } | undefined> {
  if (declaration.params !== undefined && key in declaration.params) return { whose: '', write: `${param}: { ${key}: … }` };
  if (declaration.modules === undefined) return undefined;
  const choices = await declaredChoices(declaration, context.stage.folder, context.cache);
  const owners = [...choices].flatMap(([name, own]) => (key in (own.params ?? {}) ? [name] : []));
  if (owners.length === 0) return undefined;
  return { whose: `it belongs to ${owners.join(', ')}: `, write: `${param}: { name: ${owners[0]}, ${key}: … }` };
}

/** The declarations of all choices of a kind, by name. Files that cannot be read are left out. */
async function declaredChoices(
  { modules = '' }: ParamDeclaration,
  stageFolder: string,
  cache: string,
): Promise<ReadonlyMap<string, ChoiceDeclaration>> {
  const choices = new Map<string, ChoiceDeclaration>();
  for (const [name, file] of moduleChoices(modules, stageFolder)) {
    const read = await readChoice(file, cache);
    if (read.ok) choices.set(name, read.value);
  }
  return choices;
}

/** A choice as a mapping: a name alone stands for itself. */
function asMapping(value: Json | undefined): JsonObject {
  return isObject(value) ? value : value === undefined || value === null ? {} : { name: value };
}
