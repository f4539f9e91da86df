import { posix } from 'node:path';
import { isPicture, nearest } from 'stillroom/nn';

/** What a written name leads to: one file, several that it could mean, or none. */
export type Found =
  | { readonly kind: 'found'; readonly name: string }
  | { readonly kind: 'several'; readonly names: readonly string[] }
  | { readonly kind: 'missing'; readonly nearest: string | undefined };

/** Names that differ only by case, or by how an accent is encoded, are one name on some systems. */
const folded = (name: string): string => name.normalize('NFC').toLowerCase();

const withoutSuffix = (name: string): string => name.replace(/(?<=[^/])\.[^./]*$/, '');

/** The files of a folder, to be found by the names that tables give them. */
export class FileNames {
  readonly #exact: ReadonlySet<string>;
  /** By the folded path, and that without its suffix. */
  readonly #paths: ReadonlyMap<string, readonly string[]>;
  /** The same by the last part of the path. */
  readonly #bases: ReadonlyMap<string, readonly string[]>;

  /** @param names paths in the folder with `/` */
  constructor(names: readonly string[]) {
    const pictures = names.filter(isPicture);
    this.#exact = new Set(names);
    this.#paths = indexed(pictures, (name) => name);
    this.#bases = indexed(pictures, (name) => posix.basename(name));
  }

  /**
   * The file of a name: exactly that one, else one of another case, with a suffix, below any folder where the name has none, or without the
   * folders that the name begins with.
   */
  find(written: string): Found {
    const name = posix.normalize(written);
    if (this.#exact.has(name)) return { kind: 'found', name };
    const parts = name.split('/');
    const tails = parts.map((_, index) => folded(parts.slice(index).join('/')));
    const found =
      tails.map((tail) => this.#paths.get(tail)).find((one) => one !== undefined) ??
      (parts.length === 1 ? this.#bases.get(folded(name)) : undefined);
    if (found === undefined) return { kind: 'missing', nearest: this.#nearest(name) };
    const [first = ''] = found;
    return found.length === 1 ? { kind: 'found', name: first } : { kind: 'several', names: found };
  }

  #nearest(name: string): string | undefined {
    const hasFolder = name.includes('/');
    const hasSuffix = withoutSuffix(name) !== name;
    const shown = (one: string): string => {
      const base = hasFolder ? one : posix.basename(one);
      return hasSuffix ? base : withoutSuffix(base);
    };
    const byShown = new Map([...this.#exact].filter(isPicture).map((one) => [shown(one), one]));
    return byShown.get(nearest(name, byShown.keys()) ?? '');
  }
}

/** Files by what names them, and by that without its suffix where no other file is called so. */
function indexed(names: readonly string[], key: (name: string) => string): Map<string, readonly string[]> {
  const whole = new Map<string, string[]>();
  const stems = new Map<string, string[]>();
  const add = (map: Map<string, string[]>, at: string, name: string): void => {
    const there = map.get(at);
    if (there === undefined) map.set(at, [name]);
    else there.push(name);
  };
  for (const name of names) {
    const own = folded(key(name));
    add(whole, own, name);
    if (withoutSuffix(own) !== own) add(stems, withoutSuffix(own), name);
  }
  return new Map([...stems, ...whole]);
}
