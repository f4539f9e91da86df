import type { JsonObject } from '../../model/json.ts';
import { done, failed, type Outcome, type Problem } from '../../model/problem.ts';
import { pointerStep } from '../../text/json-pointer.ts';
import { suggestion } from '../../text/suggestion.ts';
import { checkOf } from '../check.ts';
import { validate } from '../validate.ts';
import type { Locate } from '../yaml/locate.ts';
import { readProjectFile } from './project-file.ts';

/** A remote as a project declares it. */
export interface DeclaredRemote {
  readonly kind: string;
  /** Each with a slash at its end. */
  readonly trust: readonly string[];
  readonly write: string | undefined;
  readonly settings: JsonObject;
}

/** Which file to load, and which kinds of remotes it may name. */
export interface RemotesRequest {
  /** Absolute; it need not exist. */
  readonly file: string;
  /** As messages name it. */
  readonly shownFile: string;
  readonly kinds: readonly string[];
  /** The settings of a kind, as a schema by name, and those that it needs. */
  readonly settingsOf: (kind: string) => Promise<{ readonly settings: JsonObject; readonly required: readonly string[] }>;
}

/** Reads what a project file says of remotes. All problems that are found are returned together, each with its place. */
export async function loadRemotes(request: RemotesRequest): Promise<Outcome<Readonly<Record<string, DeclaredRemote>>>> {
  const read = readProjectFile(request);
  if (!read.ok) return read;
  const { written, locate } = read.value;
  const problems: Problem[] = [];
  const remotes: Record<string, DeclaredRemote> = {};
  for (const [name, { kind, trust, write, ...settings }] of Object.entries(written.remotes ?? {})) {
    const prefixes = (trust ?? (write === undefined ? [] : [write])) as readonly string[];
    const remote: DeclaredRemote = {
      kind: String(kind),
      trust: prefixes.map(withSlash),
      write: write === undefined ? undefined : withSlash(String(write)),
      settings,
    };
    if (locate !== undefined) problems.push(...(await checkRemote(name, remote, { request, locate })));
    remotes[name] = remote;
  }
  return problems.length > 0 ? failed(...problems) : done(remotes);
}

function withSlash(prefix: string): string {
  return prefix.endsWith('/') ? prefix : `${prefix}/`;
}

async function checkRemote(
  name: string,
  { kind, trust, write, settings }: DeclaredRemote,
  { request: { kinds, settingsOf }, locate }: { readonly request: RemotesRequest; readonly locate: Locate },
): Promise<readonly Problem[]> {
  const pointer = `/remotes${pointerStep(name)}`;
  if (!kinds.includes(kind))
    return [locate.problem('unknown-remote', `no kind of remote is named "${kind}"`, `${pointer}/kind`, 'value', suggestion(kind, kinds))];
  const { settings: properties, required } = await settingsOf(kind);
  const schema = { type: 'object', additionalProperties: false, properties, required: [...required] };
  const naming = { code: 'unknown-key', noun: 'key' } as const;
  const problems = validate(settings, { schema, check: checkOf(schema) }, locate, pointer, naming);
  if (kind === 'http' && write !== undefined)
    problems.push(
      locate.problem(
        'bad-remote',
        'a remote of the kind http is only read',
        `${pointer}/write`,
        'key',
        'say what is believed there: trust: [ci/]',
      ),
    );
  else if (trust.length === 0)
    problems.push(
      locate.problem(
        'bad-remote',
        `the remote "${name}" believes no results and takes none`,
        pointer,
        'key',
        'say whose results are believed: trust: [ci/]; and where own ones go: write: ci/',
      ),
    );
  return problems;
}
