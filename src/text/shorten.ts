/** The beginning of a text that is longer than so many letters; a shorter one as it is. */
export function shorten(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** The same, and how long the text was. */
export function shortenCounted(text: string, most: number): string {
  return text.length > most ? `${shorten(text, most)} (${text.length} letters)` : text;
}
