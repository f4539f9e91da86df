import { join } from 'node:path';
import { installation } from '../model/installation.ts';
import { suggestion } from '../text/suggestion.ts';
import { rawAnswer, refusal } from './answer.ts';
import { completionScript, SHELLS } from './complete/scripts.ts';
import { verb } from './verb.ts';

/** `stillroom completion`: prints what makes a shell complete commands, options and the names of a project. */
export default verb({
  name: 'completion',
  arguments: ['<shell>'],
  about: 'print what makes bash, zsh or fish complete commands, options and names',
  example: 'stillroom completion bash > ~/.local/share/bash-completion/completions/stillroom',
  examples: [
    'stillroom completion zsh > ~/.zsh/completions/_stillroom',
    'stillroom completion fish > ~/.config/fish/completions/stillroom.fish',
  ],
  detail: 'For the shell that runs: `source <(stillroom completion bash)`. Words behind `npx stillroom` are completed too.',
  options: {},
  async run({ shell }) {
    const known = SHELLS.find((one) => one === shell);
    if (known === undefined)
      return refusal([
        { kind: 'usage', code: 'bad-option', message: `there is no completion for the shell "${shell}"`, hint: suggestion(shell, SHELLS) },
      ]);
    const script = completionScript(known, [process.execPath, join(installation, 'dist/cli.js')]);
    return rawAnswer({ shell: known, script }, script);
  },
});
