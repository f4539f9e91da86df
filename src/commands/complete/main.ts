import { completionsOf, completionText, unquoted } from './complete.ts';

/**
 * The part of the program that shells call while a word is typed: `stillroom complete -- WORDS`, the words of the command line up to the one
 * that is being typed. It loads no verb and opens no project, and whatever goes wrong, nothing is printed.
 */
export async function complete(words: readonly string[], folder: string, write: (text: string) => void): Promise<void> {
  try {
    const typed = (words[0] === '--' ? words.slice(1) : words).map(unquoted);
    const open = async (store: string | undefined) => new (await import('../../project/names.ts')).Names({ folder, store });
    write(completionText(await completionsOf(typed, open), typed.at(-1) ?? ''));
  } catch {
    // Whoever types would see it in the middle of the line.
  }
}
