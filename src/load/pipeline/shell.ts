import type { Command, ParameterExpansionPart, ParsedScript, SyntaxNode, Word } from 'unbash';

/** Variables that bash or the executor sets for every command. */
const GIVEN = new Set(
  '_ HOME PATH TMPDIR LANG TZ TERM PWD OLDPWD SHELL SHELLOPTS BASHOPTS RANDOM SRANDOM SECONDS LINENO LINES COLUMNS IFS OPTARG OPTIND OPTERR REPLY MAPFILE COPROC COPROC_PID UID EUID PPID GROUPS DIRSTACK HOSTNAME HOSTTYPE OSTYPE MACHTYPE SHLVL PIPESTATUS FUNCNAME HISTCMD PS4 EPOCHSECONDS EPOCHREALTIME BASH BASHPID BASH_ALIASES BASH_ARGC BASH_ARGV BASH_ARGV0 BASH_CMDS BASH_COMMAND BASH_EXECUTION_STRING BASH_LINENO BASH_MONOSECONDS BASH_REMATCH BASH_SOURCE BASH_SUBSHELL BASH_VERSION BASH_VERSINFO OMP_NUM_THREADS PYTHONDONTWRITEBYTECODE PYTHONPATH STILLROOM_CPU STILLROOM_ATTEMPT STILLROOM_EVENTS STILLROOM_CHECKPOINT STILLROOM_RESUME_FROM STILLROOM_GIVEN CUDA_VISIBLE_DEVICES'.split(
    ' ',
  ),
);

/** Commands whose arguments are variables that they set, declare or ask for. */
const NAMING = new Set('read mapfile readarray getopts local declare typeset export readonly unset printf let wait test ['.split(' '));

/** Commands after which nobody knows which variables are set. */
const OPAQUE = new Set(['eval', 'source', '.']);

/** A variable that a text reads and that nothing sets. */
export interface UnsetVariable {
  readonly name: string;
  /** How the text names it first: `$name` or `${name`. */
  readonly written: string;
}

/** What a script says of variables. */
interface Findings {
  readonly reads: Map<string, string>;
  /** Set somewhere in the text, or expected by it to be perhaps unset. */
  readonly known: Set<string>;
  /** Whether it does what cannot be seen in its text. */
  isOpaque: boolean;
}

function nameAt(text: string): string | undefined {
  return /^[A-Za-z_]\w*/.exec(text)?.[0];
}

function expansion(node: ParameterExpansionPart, findings: Findings): void {
  const { parameter, prefix, operation, index } = node;
  const name = nameAt(parameter);
  if (name === undefined) return;
  if (operation?.type === 'Default') findings.known.add(name);
  else if (prefix === '!' && (operation?.type === 'Names' || index?.text === '@' || index?.text === '*')) return;
  else if (!findings.reads.has(name)) findings.reads.set(name, `\${${prefix ?? ''}${name}`);
}

function command({ name, suffix }: Command, findings: Findings): void {
  const words = [name, ...suffix.filter((part) => part.type === 'Word')].filter((word): word is Word => word !== undefined);
  while (words[0]?.value === 'command' || words[0]?.value === 'builtin') words.shift();
  const [program, ...args] = words;
  const called = program?.value ?? '';
  if (OPAQUE.has(called)) findings.isOpaque = true;
  if (
    called === 'set' &&
    args.some(({ value }, place) => /^\+\w*u/.test(value) || (value === 'nounset' && args[place - 1]?.value === '+o'))
  )
    findings.isOpaque = true;
  if (!NAMING.has(called)) return;
  if (/^(?:local|declare|typeset)$/.test(called) && args.some(({ value }) => /^-\w*n/.test(value))) findings.isOpaque = true;
  for (const { text, value } of args) {
    const named = nameAt(value);
    if (named !== undefined) findings.known.add(named);
    // A name that is computed may be any.
    else if (/^"?[$`]/.test(text) && called !== 'test' && called !== '[') findings.isOpaque = true;
  }
}

function look(node: SyntaxNode, findings: Findings): void {
  const { known, reads } = findings;
  const isRead = (text: string): void => {
    const name = nameAt(text.slice(1));
    if (name !== undefined && !reads.has(name)) reads.set(name, text);
  };
  const knows = (text: string | undefined): void => {
    const name = nameAt(text ?? '');
    if (name !== undefined) known.add(name);
  };
  switch (node.type) {
    case 'Script':
      if (((node as ParsedScript).errors?.length ?? 0) > 0) findings.isOpaque = true;
      break;
    case 'SimpleExpansion':
      isRead(node.text);
      break;
    case 'ArithmeticWord':
      // One that is a single expansion has no parts.
      if (node.parts === undefined && node.value.startsWith('$')) isRead(node.value);
      break;
    case 'ParameterExpansion':
      expansion(node, findings);
      break;
    case 'Command':
      command(node, findings);
      break;
    case 'Assignment':
    case 'FileDescriptorVariable':
      knows(node.name);
      break;
    case 'For':
    case 'Select':
      knows(node.name.value);
      break;
    case 'Coproc':
      knows(node.name?.value);
      if (node.name !== undefined) knows(`${node.name.value}_PID`);
      break;
    case 'ArithmeticBinary':
      if (/^(?!==|<=|>=|!=).*=$/.test(node.operator) && node.left.type === 'ArithmeticWord') knows(node.left.value);
      break;
    case 'TestUnary':
      if (node.operator === '-v') knows(node.operand.value);
      break;
    default:
  }
}

/** Signs that open something within something else: reading takes time that grows with their square. */
const MOST_OPENED = 3000;

/** Looks at a node and all below it. What stands in for an unset variable is not looked at for what it reads: it may never be asked. */
async function findingsOf(text: string): Promise<Findings> {
  const { forEachChild, parse } = await import('unbash');
  const findings: Findings = { reads: new Map(), known: new Set(), isOpaque: false };
  const visit = (node: SyntaxNode, at: Findings): void => {
    look(node, at);
    const below = node.type === 'Default' ? { ...at, reads: new Map<string, string>() } : at;
    forEachChild(node, (child) => visit(child, below));
    if (below.isOpaque) at.isOpaque = true;
  };
  try {
    visit(parse(text), findings);
  } catch (error) {
    // Nested deeper than can be followed; bash would not go far either.
    if (!(error instanceof RangeError)) throw error;
    findings.isOpaque = true;
  }
  return findings;
}

/** Every name that stands after a dollar, wherever: a superset of what a text reads, found without reading it as bash. */
function namesAfterDollars(text: string): string[] {
  return [...text.matchAll(/\$(?:\{[#!]?)?([A-Za-z_]\w*)/g)].map(([, name = '']) => name);
}

/**
 * The variables that a command's text reads and that nothing sets: a forgotten param would end the command late, or be an empty text.
 *
 * Nothing is said of a text that bash would refuse, that opens thousands of brackets, or whose variables cannot be seen in it: one that sources a file, evaluates a text,
 * computes the name of a variable that it sets or sets it by reference, or switches `set -u` off. A variable counts as set if it is set anywhere in the text,
 * or if the text provides for its absence anywhere (`${x:-…}`, `${x+…}`, `[[ -v x ]]`). Not seen: texts in single quotes that another
 * shell is given, names without a dollar in arithmetic, and whether a branch that reads a variable is ever taken.
 */
export async function unsetVariables(text: string, declared: ReadonlySet<string>): Promise<readonly UnsetVariable[]> {
  const isSet = (name: string): boolean => declared.has(name) || GIVEN.has(name);
  if (namesAfterDollars(text).every(isSet)) return [];
  if ((text.match(/[({`]/g)?.length ?? 0) > MOST_OPENED) return [];
  const { reads, known, isOpaque } = await findingsOf(text);
  if (isOpaque) return [];
  return [...reads].flatMap(([name, written]) => (isSet(name) || known.has(name) ? [] : [{ name, written }]));
}

/** The variables in the arguments of a command without a shell that nothing sets; `$$` is a dollar there. */
export function unsetInArguments(args: readonly string[], declared: ReadonlySet<string>): readonly UnsetVariable[] {
  const found = args.flatMap((text) => [...text.matchAll(/\$\$|(\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*)))/g)]);
  const unset = found.flatMap(([, written, braced, plain]) => {
    const name = braced ?? plain;
    return name === undefined || written === undefined || declared.has(name) || GIVEN.has(name) ? [] : [[name, written] as const];
  });
  return [...new Map(unset)].map(([name, written]) => ({ name, written }));
}
