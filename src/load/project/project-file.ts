import { statSync } from 'node:fs';
import type { JsonObject } from '../../model/json.ts';
import { done, failed, type Outcome, type Problem } from '../../model/problem.ts';
import { suggestion } from '../../text/suggestion.ts';
import { checkOf } from '../check.ts';
import { checks, schemas } from '../checks.ts';
import { validate } from '../validate.ts';
import { readYamlFile } from '../yaml/file.ts';
import { pointerStep } from '../../text/json-pointer.ts';
import { Locate } from '../yaml/locate.ts';

/** An executor as a project declares it. */
export interface DeclaredExecutor {
  readonly kind: string;
  readonly settings: JsonObject;
}

/** What a project's `stillroom.yaml` says. */
export interface ProjectFile {
  /** By name. */
  readonly executors: Readonly<Record<string, DeclaredExecutor>>;
}

/** Which file to load, and what it may name. */
export interface ProjectFileRequest {
  /** Absolute; it need not exist. */
  readonly file: string;
  /** As messages name it. */
  readonly shownFile: string;
  /** All kinds of executors. */
  readonly kinds: () => readonly string[];
  /** The settings of a kind: a schema by name. */
  readonly settingsOf: (kind: string) => Promise<JsonObject>;
}

/** A project file as it is written, of the right shape but for what its kinds take. */
export interface WrittenProjectFile {
  readonly executors?: Readonly<Record<string, JsonObject>>;
  readonly remotes?: Readonly<Record<string, JsonObject>>;
}

/** Reads a project file; one that is missing or empty says nothing. */
export function readProjectFile({
  file,
  shownFile,
}: Pick<ProjectFileRequest, 'file' | 'shownFile'>): Outcome<{ readonly written: WrittenProjectFile; readonly locate: Locate | undefined }> {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) return done({ written: {}, locate: undefined });
  if (!found.isFile())
    return failed({
      kind: 'usage',
      code: 'no-such-file',
      message: `${shownFile} is not a file`,
      hint: 'give it another name: the settings of the project are read from a file of this name',
    });
  const text = readYamlFile(file, shownFile);
  if (text.problems.length > 0) return failed(...text.problems);
  const locate = new Locate(text);
  const naming = { code: 'unknown-key', noun: 'key' } as const;
  const problems = text.value === null ? [] : validate(text.value, { schema: schemas.project, check: checks.project }, locate, '', naming);
  return problems.length > 0 ? failed(...problems) : done({ written: (text.value ?? {}) as WrittenProjectFile, locate });
}

/** Reads what a project file says of executors. All problems that are found are returned together, each with its place. */
export async function loadProjectFile(request: ProjectFileRequest): Promise<Outcome<ProjectFile>> {
  const read = readProjectFile(request);
  if (!read.ok) return read;
  const { written, locate } = read.value;
  const problems: Problem[] = [];
  const executors: Record<string, DeclaredExecutor> = {};
  for (const [name, { kind, ...settings }] of Object.entries(written.executors ?? {})) {
    if (locate !== undefined) problems.push(...(await checkExecutor(name, { kind: String(kind), settings }, { request, locate })));
    executors[name] = { kind: String(kind), settings };
  }
  return problems.length > 0 ? failed(...problems) : done({ executors });
}

async function checkExecutor(
  name: string,
  { kind, settings }: DeclaredExecutor,
  { request, locate }: { readonly request: ProjectFileRequest; readonly locate: Locate },
): Promise<Problem[]> {
  const pointer = `/executors${pointerStep(name)}`;
  const kinds = request.kinds();
  if (!kinds.includes(kind))
    return [
      locate.problem('unknown-executor', `no kind of executor is named "${kind}"`, `${pointer}/kind`, 'value', suggestion(kind, kinds)),
    ];
  const schema = { type: 'object', additionalProperties: false, properties: await request.settingsOf(kind) };
  return validate(settings, { schema, check: checkOf(schema) }, locate, pointer, { code: 'unknown-key', noun: 'key' });
}
