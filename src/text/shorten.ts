/** The beginning of a text that is longer than so many letters; a shorter one as it is. */
export function shorten(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** The beginning and the end of a text that is longer than so many letters, where what it comes to often stands; a shorter one as it is. */
export function shortenMiddle(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = Math.floor(most / 3);
  return `${text.slice(0, most - end)}…${text.slice(-end)}`;
}

/** The same, and how long the text was. */
export function shortenCounted(text: string, most: number): string {
  return text.length > most ? `${shortenMiddle(text, most)} (${text.length} letters)` : text;
}
