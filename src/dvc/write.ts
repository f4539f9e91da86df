import { stringify } from 'yaml';
import { isObject } from '../files/json.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { wrap } from '../text/wrap.ts';
import type { InputDraft, NodeDraft, OutputDraft, PipelineDraft } from './draft.ts';

/** Letters of a line that is not broken. */
const WIDTH = 110;

/** Writes a pipeline file as a person would: short values in a line, commands as they are typed, and comments that say what came from where. */
export function writtenPipeline(
  { name, comments, paramFiles, params, sources, nodes, plots }: PipelineDraft,
  head: readonly string[],
  fileOf: (file: string) => string,
): string {
  const files = paramFiles.map(fileOf);
  const from: JsonObject = files.length === 0 ? {} : { from: files.length === 1 ? (files[0] ?? '') : files };
  const all = { ...from, ...params };
  return [
    ...head.flatMap((line) => comment(line, '')),
    `name: ${name}`,
    ...(Object.keys(all).length === 0 ? [] : section('params', all, '')),
    ...comments.flatMap((line) => comment(line, '')),
    ...(sources.size === 0 ? [] : ['', ...sourceLines(sources)]),
    '',
    'stages:',
    ...nodes.flatMap((node, index) => [...(index === 0 ? [] : ['']), ...nodeLines(node)]),
    ...(Object.keys(plots).length === 0
      ? []
      : ['', 'plots:', ...Object.entries(plots).flatMap(([title, plot]) => section(title, plot, '  '))]),
    '',
  ].join('\n');
}

function comment(text: string, indent: string): string[] {
  return wrap(text, WIDTH - indent.length).map((line) => `${indent}# ${line}`);
}

function sourceLines(sources: PipelineDraft['sources']): string[] {
  return [
    'sources:',
    ...[...sources].map(([name, { path, obtain, links }]) => {
      const more = { ...(obtain === undefined ? {} : { obtain }), ...(links === undefined ? {} : { links }) };
      return `  ${name}: ${flow(Object.keys(more).length === 0 ? path : { path, ...more })}`;
    }),
  ];
}

function nodeLines(node: NodeDraft): string[] {
  const { name, comments, about, matrix, run, inputs, params, outputs, metrics, env, tools } = node;
  return [
    ...comments.flatMap((line) => comment(line, '  ')),
    `  ${name}:`,
    ...(about === undefined ? [] : [`    about: ${flow(about)}`]),
    ...(matrix === undefined ? [] : section('matrix', matrix, '    ')),
    ...runLines(run),
    ...(inputs.length === 0 ? [] : ['    in:', ...inputs.map(inputLine)]),
    ...(params.length === 0 ? [] : section('with', Object.fromEntries(params), '    ')),
    ...outputLines(outputs),
    ...(metrics === undefined ? [] : [`    metrics: ${flow(metrics)}`]),
    ...(env.length === 0 ? [] : [`    env: ${flow(env)}`]),
    ...(tools.length === 0 ? [] : [`    tools: ${flow(tools)}   # always_changed: it runs each time`]),
  ];
}

function runLines(run: string): string[] {
  const isPlain = !run.includes('\n') && /^[A-Za-z./]/.test(run) && !/: |:$| #|[\\]$/.test(run) && run.length < WIDTH;
  if (isPlain) return [`    run: ${run}`];
  return ['    run: |', ...run.split('\n').map((line) => (line === '' ? '' : `      ${line}`))];
}

function inputLine({ port, from, where, at, comment: about }: InputDraft): string {
  const value =
    at === undefined && where === undefined
      ? from
      : { from, ...(where === undefined ? {} : { where }), ...(at === undefined ? {} : { at }) };
  return `      ${port}: ${flow(value)}${about === undefined ? '' : `   # ${about}`}`;
}

function outputLines(outputs: readonly OutputDraft[]): string[] {
  const isShort = outputs.every(({ comment: about, plot }) => about === undefined && plot === undefined);
  const value = (one: OutputDraft): Json => (one.plot === undefined ? one.path : { path: one.path, plot: one.plot });
  const all = Object.fromEntries(outputs.map((one) => [one.port, value(one)]));
  const line = `    out: ${flow(all)}`;
  if (isShort && line.length <= WIDTH) return [line];
  return [
    '    out:',
    ...outputs.map(
      (one) => `      ${one.port}: ${flow(value(one))}${one.comment === undefined ? '' : `   # ${one.comment.replaceAll('\n', ' ')}`}`,
    ),
  ];
}

/** A key with its value: in a line where it fits, else a member a line. */
function section(key: string, value: Json, indent: string): string[] {
  const line = `${indent}${flow(key)}: ${flow(value)}`;
  if (line.length <= WIDTH || !isObject(value)) return [line];
  return [`${indent}${flow(key)}:`, ...Object.entries(value as JsonObject).flatMap(([name, one]) => section(name, one, `${indent}  `))];
}

/** A value in one line. */
function flow(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (!isObject(value)) return typeof value === 'string' ? word(value) : JSON.stringify(value);
  const members = Object.entries(value as JsonObject).map(([key, one]) => `${word(key)}: ${flow(one)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

/** A text as YAML has it, also within brackets. */
function word(text: string): string {
  if (/^\$[\w.-]+$/.test(text)) return text;
  if (/[\n,[\]{}$]/.test(text)) return JSON.stringify(text);
  return stringify(text, { lineWidth: 0 }).trimEnd();
}
