import { shellWord } from '../../text/shell-word.ts';

/** The shells that words are completed in. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** One of them. */
export type Shell = (typeof SHELLS)[number];

/** A script that makes a shell complete the words of this program; `fallback` is how it is called where no project and no path has it. */
export function completionScript(shell: Shell, fallback: readonly string[]): string {
  return SCRIPTS[shell].replaceAll('@FALLBACK@', fallback.map(shellWord).join(' '));
}

const BASH = `# Completion of stillroom in bash. Now: source <(npx stillroom completion bash)
# For good: npx stillroom completion bash > ~/.local/share/bash-completion/completions/stillroom

# How the program is called: as the project's own, else as the one on the path, else as what wrote this.
_stillroom_program() {
  local folder=$PWD found
  while [[ -n $folder ]]; do
    if [[ -x $folder/node_modules/.bin/stillroom ]]; then
      _stillroom=("$folder/node_modules/.bin/stillroom")
      return
    fi
    folder=\${folder%/*}
  done
  if found=$(type -P stillroom) && [[ -n $found ]]; then _stillroom=("$found"); else _stillroom=(@FALLBACK@); fi
}

# The words up to the cursor: bash takes those with = : or @ apart.
_stillroom_words() {
  local line=\${COMP_LINE:0:COMP_POINT} rest word i
  _stillroom_typed=()
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    rest=\${line#"\${line%%[![:space:]]*}"}
    if ((i == COMP_CWORD)); then word=$rest; fi
    if ((i > 0)) && [[ $rest == "$line" ]]; then _stillroom_typed[-1]+=$word; else _stillroom_typed+=("$word"); fi
    line=\${rest#"$word"}
  done
}

_stillroom_complete() {
  local _stillroom _stillroom_typed current before line value quoted files= ends=1
  COMPREPLY=()
  _stillroom_program
  _stillroom_words
  if [[ \${_stillroom_typed[0]} == *npx ]]; then _stillroom_typed=("\${_stillroom_typed[@]:1}"); fi
  current=\${_stillroom_typed[-1]}
  # What stands before the last of these signs stays, but for a word in quotes.
  before=
  if [[ $current != [\\"\\']* ]]; then before=\${current%"\${current##*[=:]}"}; before=\${before//\\\\/}; fi
  while IFS= read -r line; do
    case $line in
      :files) files=-f ;;
      :folders) files=-d ;;
      *)
        value=\${line%%$'\\t'*}
        [[ $value == *[=.:,/] ]] || ends=
        value=\${value#"$before"}
        if [[ $current == [\\"\\']* ]]; then quoted=$value; else printf -v quoted %q "$value"; fi
        COMPREPLY+=("$quoted")
        ;;
    esac
  done < <("\${_stillroom[@]}" complete -- "\${_stillroom_typed[@]:1}" 2>/dev/null)
  if ((\${#COMPREPLY[@]} > 0)); then
    [[ -z $ends ]] || compopt -o nospace 2>/dev/null
  elif [[ -n $files ]]; then
    compopt -o filenames 2>/dev/null
    current=\${current#[\\"\\']}
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen $files -- "\${current##*=}")
  fi
}

_stillroom_npx() {
  if [[ \${COMP_WORDS[1]} == stillroom && $COMP_CWORD -gt 1 ]]; then _stillroom_complete; fi
}

complete -F _stillroom_complete stillroom
complete -p npx >/dev/null 2>&1 || complete -o default -F _stillroom_npx npx
`;

const ZSH = `#compdef stillroom
# Completion of stillroom in zsh. Now: source <(npx stillroom completion zsh)
# For good: npx stillroom completion zsh > a folder of $fpath, as _stillroom

_stillroom_program() {
  local folder=$PWD
  while [[ -n $folder ]]; do
    if [[ -x $folder/node_modules/.bin/stillroom ]]; then
      program=($folder/node_modules/.bin/stillroom)
      return
    fi
    folder=\${folder%/*}
  done
  if [[ -n \${commands[stillroom]} ]]; then program=(\${commands[stillroom]}); else program=(@FALLBACK@); fi
}

_stillroom() {
  local -a program found whole begun
  local line value about files first=2
  _stillroom_program
  [[ \${words[1]} == *npx ]] && first=3
  found=("\${(@f)$("\${program[@]}" complete -- "\${(@)words[first,CURRENT-1]}" "$PREFIX" 2>/dev/null)}")
  for line in "\${found[@]}"; do
    case $line in
      '') ;;
      :files) files=files ;;
      :folders) files=folders ;;
      *)
        value=\${line%%$'\\t'*}
        about=\${line#*$'\\t'}
        line="\${value//:/\\\\:}:$about"
        if [[ $value == *[=.:,/] ]]; then begun+=("$line"); else whole+=("$line"); fi
        ;;
    esac
  done
  local result=1
  (( \${#whole} )) && _describe -t words 'stillroom' whole && result=0
  (( \${#begun} )) && _describe -t begun 'stillroom' begun -S '' && result=0
  (( \${#whole} + \${#begun} )) && return $result
  if [[ $files == folders ]]; then
    _files -/ && result=0
  elif [[ $files == files ]]; then
    [[ $PREFIX == *=* ]] && compset -P '*='
    _files && result=0
  fi
  return result
}

_stillroom_npx() {
  if [[ \${words[2]} == stillroom && $CURRENT -gt 2 ]]; then _stillroom; else _default; fi
}

if [[ \${funcstack[1]} == _stillroom ]]; then
  _stillroom "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit -u }
  compdef _stillroom stillroom
  (( $+_comps[npx] )) || compdef _stillroom_npx npx
fi
`;

const FISH = `# Completion of stillroom in fish. Now: npx stillroom completion fish | source
# For good: npx stillroom completion fish > ~/.config/fish/completions/stillroom.fish

function __stillroom_program
    set -l folder $PWD
    while test -n "$folder"
        if test -x "$folder/node_modules/.bin/stillroom"
            echo "$folder/node_modules/.bin/stillroom"
            return
        end
        set folder (string replace -r '/[^/]*$' '' -- $folder)
    end
    if type -fq stillroom
        type -fp stillroom
    else
        printf '%s\\n' @FALLBACK@
    end
end

function __stillroom_complete
    set -l program (__stillroom_program)
    set -l typed (commandline -opc)
    set -l current (commandline -ct)
    set -l first 2
    string match -q '*npx' -- $typed[1]; and set first 3
    set -l before
    test (count $typed) -ge $first; and set before $typed[$first..-1]
    set -l found ($program complete -- $before "$current" 2>/dev/null)
    set -l names (string match -v ':*' -- $found)
    if set -q names[1]
        printf '%s\\n' $names
    else if contains -- ':folders' $found
        __fish_complete_directories $current
    else if contains -- ':files' $found
        __fish_complete_path $current
    end
end

complete -c stillroom -f -a '(__stillroom_complete)'
complete -c npx -n '__fish_seen_subcommand_from stillroom' -f -a '(__stillroom_complete)'
`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
