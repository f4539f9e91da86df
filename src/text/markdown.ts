/** Text that Markdown shows as it is, in one line. */
export function markdownText(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>|#~&]/g, '\\$&').replaceAll(/\s+/g, ' ');
}

/** A table as GitHub's Markdown; the first row is its header. */
export function markdownTable([header = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  const escaped = (cells: readonly string[]): string => line(cells.map(markdownText));
  return escaped(header) + line(header.map(() => '---')) + rows.map(escaped).join('');
}
