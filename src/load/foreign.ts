import { basename, extname } from 'node:path';
import { isObject } from '../files/json.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { nameOf } from './remedy.ts';

/** What a file is that is no pipeline, and what to do with it. */
export interface Foreign {
  readonly what: string;
  readonly hint: string;
}

const has = (value: JsonObject, ...keys: readonly string[]): boolean => keys.every((key) => Object.hasOwn(value, key));

/** Files that a node may run, by their suffixes: what they are, and the program that runs them. */
const SCRIPTS: Readonly<Record<string, readonly [what: string, program: string]>> = {
  '.py': ['a Python script', 'python3'],
  '.r': ['an R script', 'Rscript'],
  '.jl': ['a Julia script', 'julia'],
  '.sh': ['a shell script', 'bash'],
  '.bash': ['a shell script', 'bash'],
  '.js': ['a JavaScript file', 'node'],
  '.mjs': ['a JavaScript file', 'node'],
  '.cjs': ['a JavaScript file', 'node'],
  '.pl': ['a Perl script', 'perl'],
  '.rb': ['a Ruby script', 'ruby'],
};

function script(name: string): Foreign | undefined {
  const [what, program] = SCRIPTS[extname(name).toLowerCase()] ?? [];
  if (what === undefined) return undefined;
  const node = nameOf(name.replace(/\.[^.]*$/, ''));
  return {
    what,
    hint: `let a node run it: ${node}: { run: '${program} "$script" > "$result"', in: { script: ./${name} }, out: { result: result.txt } }`,
  };
}

const NODES = 'each is a node: its command is "run", what it reads is "in", what it writes is "out"';

/** What files of other runners hold, by what tells them. */
const RUNNERS: readonly {
  readonly what: string;
  readonly is: (value: JsonObject, name: string) => boolean;
  readonly hint: string | ((path: string) => string);
}[] = [
  {
    what: 'a pipeline of DVC',
    is: (value) => isObject(value['stages']) && Object.values(value['stages']).some((one) => isObject(one) && has(one, 'cmd')),
    hint: (path) => `stillroom import ${path} writes a pipeline of it; in one, "cmd" is "run", "deps" are "in" and "outs" are "out"`,
  },
  {
    what: 'a workflow of GitHub Actions',
    is: (value) => isObject(value['jobs']) && Object.values(value['jobs']).some((one) => isObject(one) && has(one, 'steps')),
    hint: `let it call stillroom; or write its steps as nodes: ${NODES}`,
  },
  {
    what: 'a pipeline of GitLab',
    is: (value, name) =>
      /gitlab-ci/.test(name) || (Array.isArray(value['stages']) && Object.values(value).some((one) => isObject(one) && has(one, 'script'))),
    hint: `let it call stillroom; or write its jobs as nodes: ${NODES}`,
  },
  {
    what: 'a Compose file',
    is: (value, name) => isObject(value['services']) || /compose\.ya?ml$/.test(name),
    hint: 'it starts containers; a pipeline runs commands: stillroom init makes an example',
  },
  {
    what: 'a notebook',
    is: (value) => has(value, 'cells', 'nbformat'),
    hint: 'let a node of a pipeline execute it: notebook: PATH',
  },
  {
    what: 'the manifest of a package',
    is: (value, name) => name === 'package.json' || has(value, 'dependencies', 'version'),
    hint: 'run a pipeline file: stillroom run lists those of the project',
  },
  {
    what: "TypeScript's settings",
    is: (value) => has(value, 'compilerOptions'),
    hint: 'run a pipeline file: stillroom run lists those of the project',
  },
  { what: 'an object of Kubernetes', is: (value) => has(value, 'apiVersion', 'kind'), hint: `write its steps as nodes: ${NODES}` },
  {
    what: 'an environment of conda',
    is: (value) => has(value, 'dependencies') && (has(value, 'channels') || has(value, 'name')),
    hint: 'activate it, then run a pipeline file in it: stillroom run NAME',
  },
  {
    what: 'the settings of a project',
    is: (value) => has(value, 'executors') && !has(value, 'stages'),
    hint: 'run a pipeline file: stillroom run lists those of the project',
  },
  { what: 'the best variant of a sweep as a table', is: (value) => has(value, 'trials', 'strategy'), hint: 'run best.yaml beside it' },
];

/** Files that are known by their names. */
function byName(name: string, path: string): Foreign | undefined {
  if (/^(?:Snakefile|.*\.(?:smk|snakefile))$/.test(name))
    return { what: 'a Snakefile', hint: `write its rules as nodes: ${NODES.replace('command', 'shell text')}` };
  if (/^(?:GNUm|[Mm])akefile$|\.mk$/.test(name)) return { what: 'a Makefile', hint: `write its rules as nodes: ${NODES}` };
  if (/\.nf$/.test(name)) return { what: 'a script of Nextflow', hint: `write its processes as nodes: ${NODES}` };
  if (/\.(?:wdl|cwl)$/.test(name))
    return { what: `a workflow in ${name.slice(-3).toUpperCase()}`, hint: `write its tasks as nodes: ${NODES}` };
  if (/^(?:Dockerfile|Containerfile)$/.test(name))
    return { what: 'a Dockerfile', hint: 'a pipeline runs commands: stillroom init makes an example' };
  if (/\.still$/.test(name)) return { what: 'a packed run', hint: `see what is in it, and run it again: stillroom reproduce ${path}` };
  if (/\.ipynb$/.test(name)) return { what: 'a notebook', hint: `let a node of a pipeline execute it: notebook: ${path}` };
  const [, stage] = /(?:^|\/)stages\/([^/]+)\/[^/]+\.ts$/.exec(path) ?? [];
  if (stage !== undefined) return { what: `a part of the stage "${stage}"`, hint: `a pipeline uses it: a node with uses: ${stage}` };
  if (/\.tsx?$/.test(name))
    return {
      what: 'a TypeScript file',
      hint: 'a stage is a folder stages/NAME with stage.ts and run.ts, which a node uses: stillroom init makes an example',
    };
  if (
    /\.(?:csv|tsv|parquet|npy|npz|h5|hdf5|jsonl|pkl|onnx|pt|pth|zip|gz|tar|tgz|png|jpe?g|gif|tiff?|webp|bmp|pdf|svg|mp4|wav)$/i.test(name)
  )
    return { what: 'a data file', hint: `a pipeline reads it: sources: { data: ./${name} }` };
  if (/\.(?:md|rst|html?|txt|log)$/i.test(name))
    return { what: 'a text', hint: 'run a pipeline file: stillroom run lists those of the project; stillroom init makes an example' };
  return script(name);
}

/** What a file is that could not be read as a pipeline, if that can be told; `value`: what it holds, if it is YAML. */
export function foreignFile(path: string, value: Json | undefined): Foreign | undefined {
  const name = basename(path);
  const named = byName(name, path);
  if (named !== undefined) return named;
  if (!isObject(value)) return undefined;
  const found = RUNNERS.find(({ is }) => is(value, name));
  if (found !== undefined) return { what: found.what, hint: typeof found.hint === 'string' ? found.hint : found.hint(path) };
  const own = ['name', 'stages', 'sweep', 'sources', 'show', 'stage', 'nodes'];
  if (Object.keys(value).some((key) => own.includes(key))) return undefined;
  return Object.values(value).some((one) => isObject(one) && ('run' in one || 'uses' in one))
    ? undefined
    : { what: 'a file of something else', hint: 'a pipeline has "name:" and "stages:"; stillroom init makes an example' };
}
