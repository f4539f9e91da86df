/** A word as it is typed in a shell: quoted where it holds anything but letters, digits and signs that mean nothing there. */
export function shellWord(text: string): string {
  return /^[\p{L}\p{N}_@%+=:,./-]+$/u.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
