import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Source } from '../../model/pipeline.ts';
import { pointerStep } from '../../text/json-pointer.ts';
import { fillInAt, isFull, type NodeContext, scopeOf } from './context.ts';
import { missingSourceHint } from './nearby.ts';

/** Where sources are looked for. */
interface SourceRequest {
  /** The pipeline file, absolute. */
  readonly file: string;
  /** The project's folder, absolute. */
  readonly root: string;
  /** Where the command was given, absolute; default: the current directory. */
  readonly from?: string;
  /** Where relative ones are looked for that do not lie beside the file; default: nowhere. */
  readonly elsewhere?: string | undefined;
}

/** A source of which the file says more than its path. */
export interface WrittenSource {
  readonly path: string;
  readonly keep?: boolean;
  readonly links?: 'follow';
  readonly obtain?: string;
}

/** Where a source lies. */
function sourcePath(path: string, { file, elsewhere }: SourceRequest): string {
  const beside = resolve(dirname(file), path);
  return elsewhere === undefined || existsSync(beside) ? beside : resolve(elsewhere, path);
}

/** The sources of a file by their names, with where they lie; what is not there becomes a problem. */
export function readSources(
  written: Readonly<Record<string, string | WrittenSource>>,
  request: SourceRequest,
  context: NodeContext,
): Map<string, Source> {
  const sources = new Map<string, Source>();
  for (const [name, value] of Object.entries(written)) {
    const pointer = `/sources${pointerStep(name)}`;
    const { path: given, keep, links, obtain: command }: WrittenSource = typeof value === 'string' ? { path: value } : value;
    // A path from --set is relative to where the command was given, as the shell completes it.
    const isOption = context.locate.options.has(pointer);
    const path = isOption
      ? resolve(request.from ?? process.cwd(), given)
      : sourcePath(String(fillInAt(given, scopeOf(context), pointer, context)), request);
    if (!isFull(context) && !existsSync(path)) {
      const obtain = command === undefined ? '' : `get it: ${command}; or `;
      const hint = missingSourceHint(given, path, {
        ...request,
        obtain: `${obtain}give another with --set sources.${name}=PATH`,
        isOption,
      });
      context.problems.push(context.locate.problem('missing-source', `the source "${name}" does not exist`, pointer, 'value', hint));
    }
    const following = links ?? (context.followsLinks ? 'follow' : undefined);
    sources.set(name, { name, path, ...(keep === undefined ? {} : { keep }), ...(following === undefined ? {} : { links: following }) });
  }
  return sources;
}
