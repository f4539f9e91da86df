/** Variables that bash or the executor sets for every command. */
const GIVEN = new Set(
  'HOME PATH TMPDIR LANG TZ PWD OLDPWD SHELL RANDOM SECONDS LINENO IFS PIPESTATUS UID EUID PPID HOSTNAME HOSTTYPE OSTYPE MACHTYPE OPTARG OPTIND REPLY FUNCNAME EPOCHSECONDS EPOCHREALTIME SRANDOM BASH BASHPID BASH_VERSION BASH_VERSINFO BASH_COMMAND BASH_LINENO BASH_SUBSHELL MAPFILE SHLVL GROUPS BASH_SOURCE BASH_REMATCH OMP_NUM_THREADS STILLROOM_CPU'.split(
    ' ',
  ),
);

const ASSIGNMENTS = [
  /(?:^|[\s;|&({`])([A-Za-z_]\w*)(?:\[[^\]]*\])?\+?=/gm,
  /\b(?:for|select)\s+([A-Za-z_]\w*)/g,
  /\b(?:read|mapfile|readarray|getopts|local|declare|typeset|export|readonly|unset|printf\s+-v)\b([^;|&\n<>)]*)/g,
  /\(\(\s*([A-Za-z_]\w*)\s*[-+*/%]?=/g,
];

function assignedNames(text: string): Set<string> {
  const names = new Set<string>();
  for (const pattern of ASSIGNMENTS) {
    for (const [, found = ''] of text.matchAll(pattern)) for (const [name] of found.matchAll(/[A-Za-z_]\w*/g)) names.add(name);
  }
  return names;
}

/** Blanks out what bash does not expand: single-quoted text, comments, escaped characters and here-documents with a quoted end. */
function expandedParts(text: string): string {
  const withoutHere = text.replaceAll(/<<-?\s*(['"\\])(\w+)\1?[^\n]*\n[\s\S]*?\n\s*\2(?=\n|$)/g, (here) => here.replaceAll(/[^\n]/g, ' '));
  let out = '';
  const quotes: ('"' | '(')[] = [];
  for (let index = 0; index < withoutHere.length; index += 1) {
    const here = withoutHere[index] ?? '';
    const inDouble = quotes.at(-1) === '"';
    if (here === '\\') {
      out += '  ';
      index += 1;
    } else if (here === "'" && !inDouble) {
      const end = withoutHere.indexOf("'", index + 1);
      const stop = end === -1 ? withoutHere.length : end;
      out += ' '.repeat(stop - index + 1);
      index = stop;
    } else if (here === '#' && !inDouble && /(^|[\s;&|(])$/.test(out.slice(-1) || '\n')) {
      const end = withoutHere.indexOf('\n', index);
      const stop = end === -1 ? withoutHere.length : end;
      out += ' '.repeat(stop - index);
      index = stop - 1;
    } else {
      if (here === '"' && inDouble) quotes.pop();
      else if (here === '"') quotes.push('"');
      else if (here === '$' && withoutHere[index + 1] === '(') {
        quotes.push('(');
        out += '$';
        index += 1;
        out += '(';
        continue;
      } else if (here === ')' && quotes.at(-1) === '(') quotes.pop();
      out += here;
    }
  }
  return out;
}

/** The variables that a command's text reads and that nothing sets: a forgotten param would be an empty text. */
export function unsetVariables(text: string, declared: ReadonlySet<string>): string[] {
  const expanded = expandedParts(text);
  const assigned = assignedNames(expanded);
  const unset = new Set<string>();
  for (const [, braced, plain] of expanded.matchAll(/\$(?:\{[#!]?([A-Za-z_]\w*)|([A-Za-z_]\w*))/g)) {
    const name = braced ?? plain ?? '';
    if (!declared.has(name) && !assigned.has(name) && !GIVEN.has(name)) unset.add(name);
  }
  return [...unset];
}
