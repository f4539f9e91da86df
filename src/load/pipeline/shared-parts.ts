import type { OutputDeclaration } from '../../model/declaration.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { EnvironmentVariable, Instance, NodeWork, Tool } from '../../model/pipeline.ts';
import { suggestion } from '../../text/suggestion.ts';
import { pointerStep } from '../../text/json-pointer.ts';
import { fillInAt, isFull, type NodeContext } from './context.ts';
import { commandRun, outputsWritten, withPython } from './command-code.ts';
import type { FileNode } from './file-node.ts';
import { outputPlot } from './plots.ts';
import { asWritten, type Scope } from './references.ts';
import { nameOf } from '../remedy.ts';

/** A point of a node's matrix that is read. */
export interface AtPoint {
  readonly scope: Scope;
  /** The node's pointer. */
  readonly base: string;
  readonly context: NodeContext;
}

type Command = Pick<Instance, 'work' | 'outputs'>;

/**
 * What instances of a node have in common. Where nothing in it refers to their points it is made once, so that it is also checked, compared
 * and hashed once: nobody changes it.
 */
export class SharedParts {
  private readonly node: FileNode;
  /** By what the file gives once references are filled in: that is the file's own value where it has none. */
  private readonly commands = new Map<object, Command>();
  private readonly environments = new Map<object, readonly EnvironmentVariable[]>();
  private readonly checked = new Set<string>();
  private readonly out: Json;
  private readonly env: Json;

  constructor(node: FileNode) {
    this.node = node;
    this.out = (outputsWritten(node) ?? {}) as Json;
    this.env = (node.env ?? []) as Json;
  }

  /** What a command does and gives at a point with these params. */
  command(given: JsonObject, { scope, base, context }: AtPoint): Command {
    const names = Object.keys(given);
    const text = names.join(' ');
    if (!this.checked.has(text)) checkCommand(this.node, names, base, context);
    this.checked.add(text);
    const out = (fillInAt(this.out, scope, `${base}/out`, context) ?? {}) as NonNullable<FileNode['out']>;
    const command = this.commands.get(out) ?? commandOf(this.node, out, base, context);
    this.commands.set(out, command);
    return command;
  }

  /** The variables that a node declares, at a point. */
  environment({ scope, base, context }: AtPoint): readonly EnvironmentVariable[] {
    const filled = (Array.isArray(this.env) ? this.env : (fillInAt(this.env, scope, `${base}/env`, context) ?? {})) as object;
    const variables = this.environments.get(filled) ?? environmentOf(this.node.env ?? [], filled, scope);
    this.environments.set(filled, variables);
    return variables;
  }
}

function environmentOf(env: NonNullable<FileNode['env']>, filled: object, scope: Scope): EnvironmentVariable[] {
  if (Array.isArray(env)) return [...new Set(env as readonly string[])].map((name) => ({ name, secret: false }));
  return Object.entries(env as JsonObject).map(([name, raw]) => {
    // A reference may give a value that is no text.
    const value = asWritten((filled as JsonObject)[name] ?? null, { raw, own: undefined, texts: scope.texts });
    const isSecret = raw !== null && typeof raw === 'object' && 'secret' in raw;
    if (isSecret) return { name, secret: true };
    return { name, value: typeof value === 'string' ? value : JSON.stringify(value), secret: false };
  });
}

function commandOf(node: FileNode, out: NonNullable<FileNode['out']>, base: string, context: NodeContext): Command {
  const outputs: Record<string, OutputDeclaration> = {};
  const paths: Record<string, string> = {};
  for (const [port, value] of Object.entries(out)) {
    // A reference may give a value that is no text.
    const path = String(typeof value === 'object' ? value.path : value);
    const file = path.split('/').at(-1) ?? '';
    const dot = file.lastIndexOf('.');
    outputs[port] = {
      kind: path.endsWith('/') ? 'dir' : 'file',
      suffix: path.endsWith('/') || dot <= 0 ? '' : file.slice(dot),
      measured: typeof value !== 'string' && value.measured === true,
      ...(typeof value === 'string' || value.plot === undefined ? {} : { plot: outputPlot(value.plot) }),
    };
    paths[port] = path.replace(/\/+$/, '');
  }
  const tools: Tool[] = (node.tools ?? []).map((tool) => (typeof tool === 'string' ? { program: tool } : tool));
  const metrics = typeof node.metrics === 'string' ? node.metrics : node.metrics?.path;
  const environment = node.environment ?? context.environment;
  const work: NodeWork = {
    kind: 'command',
    ...commandRun(node, base, context),
    tools: withPython(node, tools),
    paths,
    ...(metrics === undefined ? {} : { metrics }),
    ...(node.budget === undefined ? {} : { budget: node.budget }),
    ...(environment === undefined || environment === 'none' ? {} : { environment }),
    ...((node.confine ?? context.confine) === 'project' ? { confine: 'project' as const } : {}),
  };
  return { work, outputs };
}

/** Complains of names that a command cannot see as variables, or sees twice. */
function checkCommand(node: FileNode, params: readonly string[], base: string, context: NodeContext): void {
  const { locate, problems } = context;
  const names = (section: string, all: readonly string[]) => all.map((name) => ({ section, name }));
  const all = [
    ...names('in', Object.keys(node.in ?? {})),
    ...names('out', Object.keys(outputsWritten(node) ?? {})),
    ...names('with', params),
  ];
  const seen = new Map<string, string>();
  for (const { section, name } of all) {
    if (isFull(context)) break;
    const pointer = `${base}/${section}${pointerStep(name)}`;
    if (!/^[a-z][a-z0-9_]*$/.test(name)) {
      const hint = `write ${nameOf(name, '_')}: a lower-case letter, then letters, digits or "_": the command sees it as a variable`;
      problems.push(locate.problem('bad-name', `"${name}" is not a variable name`, pointer, 'key', hint));
    }
    const before = seen.get(name);
    if (before !== undefined) {
      const message = `"${name}" is used twice, in "${before}" and in "${section}"`;
      problems.push(locate.problem('same-name', message, pointer, 'key', 'rename one: the command sees both as the same variable'));
    }
    seen.set(name, section);
  }
  if (node.out === undefined && node.notebook === undefined) {
    const written = typeof node.run === 'string' ? /> *"?\$\{?([a-z][a-z0-9_]*)/.exec(node.run)?.[1] : undefined;
    const name = written !== undefined && !seen.has(written) ? written : 'result';
    const hint = `name each output and the path that it is written to: add out: { ${name}: ${name}.txt }`;
    problems.push(locate.problem('missing-key', 'a command needs "out"', base, 'key', hint));
  }
  if (node.budget !== undefined && !params.includes(node.budget))
    problems.push(
      locate.problem(
        'unknown-param',
        `"${node.budget}" is no param of the command`,
        `${base}/budget`,
        'value',
        suggestion(node.budget, params),
      ),
    );
}
