import { existsSync, readdirSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { BuildFailure, Message } from 'esbuild';
import { readPlain } from '../files/plain.ts';
import { param } from '../model/params.ts';
import type { Place, Problem } from '../model/problem.ts';
import { nearest, nearestFile, suggestion } from '../text/suggestion.ts';
import { readPackage } from './packages.ts';

/** What is wrong with code, where, and what to write. */
interface Fault {
  readonly message: string;
  readonly place?: Place;
  readonly hint?: string;
}

/** Where a text stands first in a file; undefined: nowhere. */
export function placeOfText(file: string, sought: string | RegExp): Place | undefined {
  const lines = readPlain(file).toString('utf8').split(/\r?\n/);
  for (const [index, excerpt] of lines.entries()) {
    const column = typeof sought === 'string' ? excerpt.indexOf(sought) : excerpt.search(sought);
    if (column !== -1) return { file, line: index + 1, column: column + 1, excerpt };
  }
  return undefined;
}

function badStage(file: string, { message, place, hint }: Fault): Problem {
  return {
    kind: 'pipeline',
    code: 'bad-stage',
    message: `${file}: ${message}`,
    ...(place === undefined ? {} : { place }),
    hint: hint ?? `fix ${file}`,
  };
}

/** What to write where esbuild expected something else than it found. */
function syntaxHint(text: string): string | undefined {
  const [, expected, met] = /^Expected "(.+?)" but found (".+"|end of file)$/.exec(text) ?? [];
  if (expected === undefined) return undefined;
  if (expected === '}' && met !== 'end of file') return `write a comma or "}" before ${met}`;
  return met === 'end of file' ? `close it with "${expected}"` : `write "${expected}" before the ${met?.replaceAll('\\"', '"')}`;
}

/** A declaration that esbuild does not compile. */
export function buildFault(error: unknown, file: string): Problem {
  const first = (error as Partial<BuildFailure>).errors?.[0];
  if (first === undefined) return badStage(file, { message: error instanceof Error ? error.message : String(error) });
  const { text, location } = first;
  const hint = syntaxHint(text);
  const place = location === null ? {} : { place: { file, line: location.line, column: location.column + 1, excerpt: location.lineText } };
  return badStage(file, { message: text, ...place, ...(hint === undefined ? {} : { hint }) });
}

/** What a declaration threw when it was evaluated. */
export function evaluationFault(error: unknown, file: string): Problem {
  const message = error instanceof Error ? error.message : String(error);
  const [, called] = /^([\w$.]+) is not a function/.exec(message) ?? [];
  const [, missing] = /^([\w$]+) is not defined/.exec(message) ?? [];
  const name = called ?? missing;
  const place = name === undefined ? undefined : placeOfText(file, new RegExp(`(?<![\\w$])${name.replaceAll(/[.$]/g, '\\$&')}(?![\\w$])`));
  const hint = called?.startsWith('param.') === true ? memberHint(called) : missing === undefined ? undefined : importHint(missing, file);
  return badStage(file, { message, ...(place === undefined ? {} : { place }), ...(hint === undefined ? {} : { hint }) });
}

function memberHint(called: string): string {
  const known = Object.keys(param).map((name) => `param.${name}`);
  return nearest(called, known) === undefined && !known.includes(called) ? `there are ${known.join(', ')}` : suggestion(called, known);
}

/** What to import that is not defined: by the import that is mistyped, or by one of its own. */
function importHint(name: string, file: string): string | undefined {
  const [, names = ''] = /import\s*\{([^}]*)\}\s*from\s*['"]stillroom['"]/.exec(readPlain(file).toString('utf8')) ?? [];
  const imported = names.split(',').map((one) => one.trim());
  const near = nearest(name, imported);
  if (near !== undefined)
    return `it is imported as "${near}": write import { ${imported.map((one) => (one === near ? name : one)).join(', ')} } from 'stillroom'`;
  return name === 'defineStage' || name === 'param'
    ? `import it: import { ${[...imported.filter(Boolean), name].join(', ')} } from 'stillroom'`
    : undefined;
}

/** A declaration that exports no stage. */
export function noDefault(file: string): Problem {
  const place = placeOfText(file, 'defineStage(');
  return badStage(file, {
    message: 'it has no default export made by defineStage',
    ...(place === undefined ? {} : { place }),
    hint: 'write export default before defineStage({ … })',
  });
}

/** A declaration that does not say where its work is. */
export function noWork(file: string): Problem {
  const place = placeOfText(file, /\brun\b/) ?? placeOfText(file, 'defineStage(');
  return badStage(file, {
    message: '"run" does not import the work',
    ...(place === undefined ? {} : { place }),
    hint: "write run: () => import('./run.ts')",
  });
}

/** Where the code of a stage is bundled. */
interface Bundling {
  readonly folder: string;
  /** As `stage.ts` names it. */
  readonly entry: string;
  /** What paths in messages are relative to. */
  readonly base: string;
  readonly root: string;
}

/** What is wrong with the code of a stage, by what esbuild says of it. */
export function bundlingFault({ text, location: at }: Message, bundling: Bundling): Fault {
  const { folder, entry, base } = bundling;
  const isEntry = at === null || basename(at.file) === '<stdin>';
  const named = isEntry ? placeOfText(join(folder, 'stage.ts'), entry) : undefined;
  const place = isEntry
    ? named && { ...named, file: relative(base, named.file) }
    : { file: at.file, line: at.line, column: at.column + 1, excerpt: at.lineText };
  const from = at === null || isEntry ? folder : dirname(resolve(base, at.file));
  const [, path] = /^Could not resolve "(.+)"$/.exec(text) ?? [];
  const [, holder, name] = /^No matching export in "(.+)" for import "(.+)"$/.exec(text) ?? [];
  const fault =
    path !== undefined
      ? { message: `"${path}" is not there`, hint: pathHint(path, from, bundling) }
      : holder !== undefined && name !== undefined
        ? exportFault(resolve(base, holder), name, bundling)
        : { message: text, hint: syntaxHint(text) };
  const { hint, ...rest } = fault;
  return { ...rest, ...(place === undefined ? {} : { place }), ...(hint === undefined ? {} : { hint }) };
}

/** What may be meant by an import that leads nowhere. */
function pathHint(path: string, from: string, { root }: Bundling): string {
  if (/^[./]/.test(path)) {
    const at = resolve(from, path);
    const folder = dirname(at);
    const names = existsSync(folder) ? readdirSync(folder) : [];
    const near = nearestFile(basename(at), names);
    return near === undefined
      ? `there is no such file beside it: create it, or import another`
      : `did you mean "${path.slice(0, path.length - basename(path).length)}${near}"?`;
  }
  const { dependencies = {}, devDependencies = {} } = (readPackage(root) ?? {}) as Readonly<
    Record<string, Readonly<Record<string, string>> | undefined>
  >;
  const known = [
    'stillroom',
    'stillroom/nn',
    ...Object.keys({ ...dependencies, ...devDependencies }),
    ...builtinModules,
    ...builtinModules.map((one) => `node:${one}`),
  ];
  const near = nearest(path, known);
  const name = path.split('/', path.startsWith('@') ? 2 : 1).join('/');
  return near === undefined ? `install it: npm install ${name}` : `did you mean "${near}"? if not, install it: npm install ${name}`;
}

/** A name that a module does not export. */
function exportFault(file: string, name: string, { folder, entry, base }: Bundling): Fault {
  if (name === 'default' && file === resolve(folder, entry))
    return {
      message: `${relative(base, file)} has no default export made by work()`,
      hint: 'write export default work<typeof stage>(async (context) => { … })',
    };
  const text = readPlain(file).toString('utf8');
  const declared = [...text.matchAll(/export\s+(?:async\s+)?(?:const|let|function\*?|class)\s+([\w$]+)/g)].map(([, one = '']) => one);
  const listed = [...text.matchAll(/export\s*\{([^}]*)\}/g)].flatMap(([, names = '']) =>
    names.split(',').map(
      (one) =>
        one
          .trim()
          .split(/\s+as\s+/)
          .at(-1) ?? '',
    ),
  );
  const isOwn = file.endsWith('/src/index.ts') || file.endsWith('/src/nn/index.ts');
  const shown = isOwn ? (file.includes('/nn/') ? 'stillroom/nn' : 'stillroom') : relative(base, file);
  return { message: `"${shown}" exports no "${name}"`, hint: suggestion(name, [...declared, ...listed].filter(Boolean)) };
}
