import type { Outline } from '../../model/outline.ts';

/** A pipeline file's text as it is cut: what stands before its nodes, the text of each of them, and what stands behind. */
interface Cut {
  readonly before: string;
  readonly nodes: readonly string[];
  readonly behind: string;
}

const STAGES = /^stages: *(?:#[^\n]*)?\n/m;
/** A line that belongs to nothing above it, at the beginning of a line and anywhere. */
const OUTERMOST = /^[^ #\n]/gm;
const INDENTED = /^ +(?=[^ #\n])/gm;

/** Cuts a plainly written text at the lines that are as far indented as its first node; undefined where it has none on lines of their own. */
function cut(text: string): Cut | undefined {
  const stages = STAGES.exec(text);
  if (stages === null) return undefined;
  OUTERMOST.lastIndex = stages.index + stages[0].length;
  INDENTED.lastIndex = OUTERMOST.lastIndex;
  const end = OUTERMOST.exec(text)?.index ?? text.length;
  const first = INDENTED.exec(text);
  if (first === null || first.index >= end) return undefined;
  const all = text.slice(first.index, end);
  return {
    before: text.slice(0, first.index),
    nodes: all.split(new RegExp(`^(?= {${first[0].length}}[^ #\\n])`, 'm')),
    behind: text.slice(end),
  };
}

/** A pipeline file in which the text of some nodes is another one. */
export interface Edited {
  /** The names of these nodes. */
  readonly nodes: ReadonlySet<string>;
  /** The file with some of its nodes alone. */
  only(nodes: ReadonlySet<string>): string;
}

/**
 * What was edited in a file since it was outlined; undefined where that is nothing, or may be more than the text of nodes. What `only` gives has to be
 * read plainly, with the nodes that it names, to be what the file says of them: the plain reader knows at the line of each node where the one before ends.
 */
export function editedNodes({ plain, nodes: outlined }: Outline, text: string): Edited | undefined {
  const [was, now] = plain === undefined || plain === text ? [] : [cut(plain), cut(text)];
  if (was === undefined || now === undefined || was.before !== now.before || was.behind !== now.behind) return undefined;
  if (was.nodes.length !== outlined.length || now.nodes.length !== outlined.length) return undefined;
  return {
    nodes: new Set(outlined.flatMap(([name], index) => (was.nodes[index] === now.nodes[index] ? [] : [name]))),
    only: (names) => now.before + now.nodes.filter((_, index) => names.has(outlined[index]?.[0] ?? '')).join('') + now.behind,
  };
}

/** A text of which some nodes were read, by their names. */
interface ReadPart {
  readonly text: string;
  readonly nodes: ReadonlySet<string>;
}

/** The outline of a text of which only a part was read, given the part's; undefined where that was not plain, or has other nodes than were asked for. */
export function outlineAfter(before: Outline, { text, nodes }: ReadPart, part: Outline): Outline | undefined {
  const own = new Map(part.nodes);
  const asked = before.nodes.flatMap(([name]) => (nodes.has(name) ? [name] : []));
  if (part.plain === undefined || JSON.stringify([...own.keys()]) !== JSON.stringify(asked)) return undefined;
  return { ...part, nodes: before.nodes.map(([name, digest]) => [name, own.get(name) ?? digest]), plain: text };
}
