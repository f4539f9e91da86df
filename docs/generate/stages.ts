import { basename } from 'node:path';
import { choiceAbout, moduleChoices, readChoice } from '../../src/code/choices.ts';
import { findStage, type FoundStage, stageNames } from '../../src/code/declarations.ts';
import type { ParamDeclaration, ParamDeclarations } from '../../src/model/declaration.ts';
import type { InputKind, Metric } from '../../src/model/stage.ts';
import { defaultOf, table, valuesOf } from './words.ts';

/** A folder of choices, with how a stage names it. */
interface Folder {
  readonly modules: string;
  readonly stageFolder: string;
}

/** What a folder's choices are called in this page. */
function titleOf({ modules }: Folder): string {
  const name = basename(modules);
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** The rows of params; those of groups stand below them, with their whole names. */
function paramRows(params: ParamDeclarations, prefix = ''): string[][] {
  return Object.entries(params).flatMap(([name, declaration]) => {
    const { schema, optional, modules, params: members = {} } = declaration;
    const about = String(schema['description'] ?? '');
    const row = [
      `\`${prefix}${name}\``,
      allowed(declaration),
      modules === undefined && Object.keys(members).length > 0 ? '' : defaultOf(schema, optional),
      about,
    ];
    return [row, ...paramRows(members, `${prefix}${name}.`)];
  });
}

function allowed({ schema, modules, params, budget }: ParamDeclaration): string {
  if (modules !== undefined)
    return `one of [${titleOf({ modules, stageFolder: '' })}](#${titleOf({ modules, stageFolder: '' }).toLowerCase()})`;
  if (params !== undefined) return 'group';
  return `${valuesOf(schema)}${budget === true ? ' (a budget: more of it goes on from a checkpoint)' : ''}`;
}

function kindOf(kind: InputKind): string {
  return `\`${kind}\``;
}

function metricAbout({ about = '', goal, tolerance, measured }: Metric): string[] {
  const facts = [goal, measured === true ? 'measured' : undefined, tolerance === undefined ? undefined : `tolerance ${tolerance}`];
  return [facts.filter((fact) => fact !== undefined).join(', '), about];
}

/** A stage's section. */
function section(name: string, { declaration }: FoundStage): string[] {
  const { about, inputs, outputs, params, metrics, portsAbout, resources, measures } = declaration;
  const ports = [
    ...Object.entries(inputs).map(([port, kind]) => [`in \`${port}\``, kindOf(kind), portsAbout?.inputs[port] ?? '']),
    ...Object.entries(outputs).map(([port, { kind, suffix, measured }]) => [
      `out \`${port}\``,
      `\`${kind}${suffix}\`${measured ? ', measured' : ''}`,
      portsAbout?.outputs[port] ?? '',
    ]),
  ];
  const takes = [`${resources.cpu ?? 1} threads`, ...(resources.memory === undefined ? [] : [resources.memory])].join(', ');
  return [
    `## ${name}`,
    '',
    `${about} It takes ${takes}${measures === 'machine' ? ', and runs alone, since it measures the machine' : ''}; more in its`,
    `[README](../stages/${name}/README.md).`,
    '',
    ...table(['port', 'kind', 'what it holds'], ports),
    ...(Object.keys(params).length === 0 ? [] : ['', ...table(['param', 'value', 'default', 'what it says'], paramRows(params))]),
    ...(Object.keys(metrics).length === 0
      ? []
      : [
          '',
          ...table(
            ['metric', 'how it is read', 'what it says'],
            Object.entries(metrics).map(([metric, own]) => [`\`${metric}\``, ...metricAbout(own)]),
          ),
        ]),
    '',
  ];
}

/** The choices of a folder, each with the params that it alone takes. */
async function choices({ modules, stageFolder }: Folder, cache: string): Promise<string[]> {
  const rows: string[][] = [];
  for (const [name, file] of moduleChoices(modules, stageFolder)) {
    const read = await readChoice(file, cache);
    if (!read.ok) throw new Error(read.problems[0]?.message);
    rows.push([`\`${name}\``, '', '', '', choiceAbout(file) ?? '']);
    for (const [param, value, fallback, about] of paramRows(read.value.params ?? {}))
      rows.push(['', param ?? '', value ?? '', fallback ?? '', about ?? '']);
  }
  return table(['choice', 'param', 'value', 'default', 'what it says'], rows);
}

/** The reference of the stages that come with Stillroom, made from their declarations; `cache` is a folder for what can be made again. */
export async function stages({ root, cache }: { readonly root: string; readonly cache: string }): Promise<string> {
  const found: [name: string, stage: FoundStage][] = [];
  for (const name of stageNames(root)) {
    const stage = await findStage(name, root, cache);
    if (!stage.ok) throw new Error(stage.problems[0]?.message);
    found.push([name, stage.value]);
  }
  const folders = new Map<string, Folder>();
  for (const [, { folder, declaration }] of found)
    for (const { modules } of Object.values(declaration.params))
      if (modules !== undefined) folders.set(basename(modules), folders.get(basename(modules)) ?? { modules, stageFolder: folder });
  const lines = [
    '# Stages',
    '',
    'The stages that come with Stillroom: `uses: NAME` in a pipeline. This page is made from their declarations: `npm run docs`. Of kinds,',
    '`dir[]` takes all instances of a node, and one with `?` may be absent. A param that is one of several choices takes its name, or a mapping',
    'with the params of that choice beside it: `loss: focal`, `loss: { name: focal, gamma: 1 }`.',
    '',
    ...found.flatMap(([name, stage]) => section(name, stage)),
  ];
  for (const folder of folders.values()) {
    const takers = found.filter(([, { declaration }]) =>
      Object.values(declaration.params).some(({ modules }) => modules !== undefined && basename(modules) === basename(folder.modules)),
    );
    lines.push(
      `## ${titleOf(folder)}`,
      '',
      `Choices of ${takers.map(([name]) => `\`${name}\``).join(', ')}.`,
      '',
      ...(await choices(folder, cache)),
      '',
    );
  }
  return `${lines.join('\n').trimEnd()}\n`;
}
