import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { unsetInArguments, unsetVariables } from '../../src/load/pipeline/shell.ts';

const folder = mkdtempSync(join(tmpdir(), 'shell-'));
writeFileSync(join(folder, 'table.txt'), 'one 1\ntwo 2\n');
writeFileSync(join(folder, 'more.sh'), 'more=1\n');

/** What the texts below are given. */
const given = { size: '3', text: 'table.txt', out: 'out.txt' };

async function unset(text: string): Promise<readonly string[]> {
  return (await unsetVariables(text, new Set(Object.keys(given)))).map(({ name }) => name);
}

/** Runs a text as a command is run. */
function runs(text: string): void {
  const env = { PATH: process.env['PATH'], HOME: folder, TMPDIR: folder, LANG: 'C.UTF-8', TZ: 'UTC', ...given };
  execFileSync('bash', ['-euo', 'pipefail', '-c', text], { cwd: folder, env, stdio: 'ignore', input: '' });
}

/** Each of these ends well under `bash -euo pipefail`, so none of them may be refused. */
const correct: Readonly<Record<string, string>> = {
  'what is given': 'echo "$size ${text} ${#out} ${size%.*} ${size@Q} ${size:0:1} ${size/3/4} ${size^^}"',
  'what bash gives':
    'echo "$HOME $PATH $PWD $RANDOM $SECONDS $_ $- $$ $? $# $0 ${BASH_VERSINFO[0]} ${PIPESTATUS[@]} $TERM $BASHPID" "$@" "$*"',
  assignments: 'a=1; b=$a c="$a"; a+=2; echo $a ${b} ${#c}; d=4 e=5; echo "$d$e"',
  'a default': 'echo "${x:-y}" "${x-y}" "${x:+y}" "${x+y}" "${x:=z}" "$x"',
  'a default that is never asked for': 'echo "${size:-$nothing}"',
  'a value that the author looks for':
    'if [[ -v mode ]]; then echo "$mode"; fi; if [ -n "${verbose+set}" ]; then echo "$verbose"; fi; if test -v other; then echo $other; fi',
  indirection: 'name=size; echo "${!name}"; x=(1 2); for i in "${!x[@]}"; do echo $i; done; echo "${!si@}" "${!nothing*}"',
  arrays: 'a=(1 2 "$size"); a+=(3); a[4]=5; a[${a[0]}]=6; echo "${a[0]} ${a[@]} ${#a[@]} ${a[@]:1:2}"; b[${a[0]}+1]=2; echo "${b[2]}"',
  'associative arrays': 'declare -A m=([one]=1); m[two]=2; m["three $size"]=3; for k in "${!m[@]}"; do echo "$k=${m[$k]}"; done',
  'loops over words': 'for x in a "$size" {1..3}; do echo $x; done; for y; do echo "$y"; done',
  'a loop that counts': 'for ((i = 0, j = 5; i < 2; i++, j--)); do echo $i $j; done',
  arithmetic:
    'echo $((size * 2)) $(( (n = 4) + 1 )) $n; (( m = 2, k = m << 1 )); echo $m $k; let q=1 "r = 2"; echo $q $r; (( m += 1 )); echo $(( 16#ff ))',
  read: 'while read -r name number; do echo "$name $number"; done < "$text"; IFS=" " read -ra words <<< "a b"; echo "${words[0]}"; read -r <<< x; echo $REPLY',
  'read over two lines': 'read -r \\\n  one two <<< "1 2"\necho $one $two',
  mapfile:
    'mapfile -t lines < "$text"; echo "${lines[0]}"; readarray -t -d " " parts <<< "a b"; echo "${parts[0]}"; mapfile < "$text"; echo "${MAPFILE[0]}"',
  printf: 'printf -v label "%03d" "$size"; echo $label; printf "%s\\n" \'$not\'',
  getopts: 'set -- -a -b value; while getopts "ab:" opt; do case $opt in a) echo a ;; b) echo "$OPTARG $OPTIND" ;; *) exit 1 ;; esac; done',
  functions: 'f() { local a=$1 b; b=2; echo "$a $b $# $FUNCNAME"; }; f x; function g { declare -i n=3; typeset m=4; echo $n $m; }; g',
  'references by name': 'f() { local -n target=$1; target=5; echo $target; }; f result; echo ${result}',
  'declared, exported and readonly': 'export A=1 B; B=2; readonly C=3; declare -x D=4 E=5; echo $A$B$C$D$E; unset A; export "F=6"; echo $F',
  'single quotes': "echo '$nothing' 'it costs $5' '${x}'",
  'ANSI-C quotes': "echo $'it\\'s $nothing' $'\\t' \"it's $size\"",
  'quotes within quotes': 'echo "$(echo \'$nothing\' "$(echo "\'$size\'")")" "`echo \'$nothing\'`"',
  'a backslash': 'echo \\$nothing "\\$nothing" \\\\"$size"; echo "a\\\\$size"',
  comments: "echo x # it's $nothing\n# don't read $this\necho 'y' # \"$that\necho a#$size",
  awk: 'awk \'{ print $1, $NF; total += $2 } END { print total, $0 }\' "$text"; awk -v n="$size" \'NR == n { x = $1; print $x }\' "$text"',
  'awk over lines': 'awk \'\n  # the first column, it is\n  { print $first }\n  { print "$second" }\n\' "$text"',
  'sed, and another shell': 'sed -n "\\$p" "$text"; sed \'s/$/;/\' "$text"; bash -c \'x=1; echo "$x" $0\'; bash -c "y=1; echo \\$y"',
  'here-documents with a quoted end':
    "cat <<'END'\n$nothing it's\nEND\ncat <<\"E-2\"\n$nothing\nE-2\ncat <<\\E\n${nothing}\nE\ncat <<'F'\nF\necho '$x'",
  'here-documents with quotes in them': "cat <<END\nit's $size, \"isn't it\nEND\nawk '{ print $nothing }' \"$text\"",
  'here-documents with tabs': "if true; then\n\tcat <<-'END' | sort > \"$out\"\n\t$nothing\n\tEND\nfi\necho '$x'",
  'two here-documents': "cat <<'A' - <<B\n$nothing\nA\nit's $size\nB\necho '$x'",
  'a shift that is no here-document': "echo $(( size << 2 ))\necho 'it is $nothing'\n(( x = 1 << size ))\necho $x",
  'a here-string': 'cat <<< "$size"; cat <<<\'$nothing\'',
  subshells: '(x=1; echo "$x"); y=$(z=2; echo "$z"); echo $y; { w=3; }; echo $w; echo "$( (echo a); echo "$size" )"',
  'case in a substitution': 'x="$(case "$size" in 3) echo "three" ;; (4 | 5) echo \'$four\' ;; *) echo "it\'s" ;; esac)"; echo "$x"',
  'process substitution': 'while IFS=, read -r a b; do echo "$a$b"; done < <(echo "1,2"); diff <(echo \'$x\') <(echo "\\$x")',
  select: 'select one in a b; do echo $one; break; done <<< 1',
  coproc: 'coproc worker { cat; }; echo x >&"${worker[1]}"; kill $worker_PID; wait || true',
  'descriptors with names': 'exec {log}> "$out"; echo x >&$log; exec {log}>&-',
  'a trap': 'trap \'rm -f "$made"\' EXIT; made=$(mktemp); echo $made',
  'a sourced file': '. ./more.sh; echo $more',
  'an evaluated text': 'eval "made=1"; echo $made',
  'a computed name': 'key=made; declare "$key=1"; echo $made; printf -v "${key}_too" x; echo $made_too',
  'without set -u': 'set +u; echo "$nothing"; set +eu; echo $nothing; set +o nounset; echo $nothing',
  'double dollars': 'echo $$name "$$size"',
  patterns:
    'shopt -s extglob; x=abc; [[ $x == a!(b|d)* || $x =~ ^a(b|c).$ ]]; echo "${BASH_REMATCH[@]-}" "${x//[^a]/#}" ${x#\'}\'}${x%%"$size"}',
  'negation and groups': '! false; [[ ! ( -f $out && -z $size ) ]]; time true; until true; do :; done',
  'arrays given on': 'args=(--size "$size"); [ -z "${more-}" ] || args+=("$more"); echo "${args[@]}"',
};

describe('a correct text is not refused:', () => {
  test.each(Object.entries(correct))('%s', async (_, text) => {
    runs(text);
    expect(await unset(text)).toEqual([]);
  });
});

describe('a variable that nothing sets is named:', () => {
  test.each<[string, readonly string[]]>([
    ['echo "$titel"', ['titel']],
    ['echo ${titel} > "$out"', ['titel']],
    ['echo "a $(cat "$fiel") b" `cat $flie`', ['fiel', 'flie']],
    ['cat <<END\n$inside\nEND', ['inside']],
    ['echo "it\'s $mine"', ['mine']],
    ['echo $a $b $a', ['a', 'b']],
    ['echo ${#titel} ${titel2%x} ${titel3[0]} ${titel4^}', ['titel', 'titel2', 'titel3', 'titel4']],
    ['name=$nmae; echo "${!name}"', ['nmae']],
    ['for x in $lsit; do echo $x; done', ['lsit']],
    ['echo $(( $szie * 2 ))', ['szie']],
    ['[[ $szie == 3 ]] && cp "$text" "$otu"', ['szie', 'otu']],
    ['f() { echo "$szie"; }; f', ['szie']],
    ["echo '$a'\"$b\"'$c'", ['b']],
    ['diff <(cat "$txet") "$text"', ['txet']],
    ['arr=("$szie"); echo ${arr[$idnex]}', ['szie', 'idnex']],
    ['echo "${nothing:-$somethign}" $other', ['other']],
  ])('%s', async (text, names) => {
    expect([...(await unset(text))].sort()).toEqual([...names].sort());
  });

  test('as it is written, so that its place is found', async () => {
    expect(await unsetVariables('echo "${titel%x}" $other', new Set())).toEqual([
      { name: 'titel', written: '${titel' },
      { name: 'other', written: '$other' },
    ]);
  });
});

test('what is no bash is left to bash', async () => {
  for (const text of ['echo "$titel', 'if $x; then', 'echo $(cat $y', ')']) expect(await unset(text)).toEqual([]);
});

test('the arguments of a command without a shell take names alone', () => {
  const declared = new Set(['size']);
  expect(unsetInArguments(['awk', "'$a'", '${size}x$size', '$$b', '${c}d', '5$'], declared)).toEqual([
    { name: 'a', written: '$a' },
    { name: 'c', written: '${c}' },
  ]);
});
