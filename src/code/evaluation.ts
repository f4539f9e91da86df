/** What esbuild is asked for wherever code is evaluated while a plan is made, rather than bundled to be run by a node. */
export const EVALUATED = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  write: false,
  metafile: true,
  logLevel: 'silent',
  tsconfigRaw: {},
} as const;

/** Evaluates the text of a module that reaches no other; gives what it exports, or throws what it throws. */
export async function evaluateModule(code: string): Promise<Readonly<Record<string, unknown>>> {
  return import(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`);
}
