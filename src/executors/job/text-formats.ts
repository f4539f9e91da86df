import { parse as parseTomlText } from 'smol-toml';
import { parse as parseYamlText } from 'yaml';

/** Aliases that a file of YAML may resolve to: each may name many others. */
const MOST_ALIASES = 100;

function unlessRefused(parse: () => unknown): unknown {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

/** A value from YAML; undefined: it is none. */
export function parseYaml(text: string): unknown {
  return unlessRefused(() => parseYamlText(text, { maxAliasCount: MOST_ALIASES }));
}

/** A value from TOML; undefined: it is none. */
export function parseToml(text: string): unknown {
  return unlessRefused(() => parseTomlText(text));
}
