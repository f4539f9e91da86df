import type { JsonObject } from '../../model/json.ts';
import type { OpenRemote } from '../../model/remote.ts';

/** What a kind of remote is made of: what opens it, and what may be declared for it. */
interface Kind {
  readonly settings: () => Promise<{ readonly settings: JsonObject; readonly required: readonly string[] }>;
  readonly remote: () => Promise<{ readonly openRemote: OpenRemote }>;
}

/** All kinds of remotes that can be declared, each a folder beside this file that is loaded when it is used. */
const KINDS: Readonly<Record<string, Kind>> = {
  folder: { settings: () => import('./folder/settings.ts'), remote: () => import('./folder/remote.ts') },
  http: { settings: () => import('./http/settings.ts'), remote: () => import('./http/remote.ts') },
  s3: { settings: () => import('./s3/settings.ts'), remote: () => import('./s3/remote.ts') },
};

/** The names of all kinds. */
export function remoteKinds(): string[] {
  return Object.keys(KINDS);
}

function kindOf(name: string): Kind {
  const kind = KINDS[name];
  if (kind === undefined) throw new Error(`no kind of remote is named ${name}`);
  return kind;
}

/** The settings that a kind takes, as a schema by name, and those that it needs. */
export async function remoteSettingsOf(kind: string): Promise<{ readonly settings: JsonObject; readonly required: readonly string[] }> {
  const { settings, required } = await kindOf(kind).settings();
  return { settings, required };
}

/** Loads a kind. */
export async function loadRemoteKind(kind: string): Promise<OpenRemote> {
  return (await kindOf(kind).remote()).openRemote;
}
