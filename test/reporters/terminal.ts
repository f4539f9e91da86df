import { Writable } from 'node:stream';

/** A terminal in memory: what is written is wrapped at its columns, and moving up, clearing below and returning are understood. */
export class Terminal extends Writable {
  columns: number;
  rows: number;
  text = '';
  private readonly lines: string[] = [''];
  private at = 0;

  constructor(columns = 80, rows = 24) {
    super({ decodeStrings: false });
    this.columns = columns;
    this.rows = rows;
  }

  override _write(chunk: string | Buffer, _encoding: string, callback: () => void): void {
    const text = chunk.toString();
    this.text += text;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is how a terminal is told to go up and clear.
    for (const part of text.split(/(\u001b\[\d+A|\u001b\[0J|\r|\n)/)) this.take(part);
    callback();
  }

  private take(part: string): void {
    const up = /\[(\d+)A/.exec(part)?.[1];
    if (up !== undefined) this.at = Math.max(0, this.at - Number(up));
    else if (part.endsWith('[0J')) this.lines.splice(this.at, Infinity, '');
    else if (part === '\n') {
      this.at += 1;
      if (this.at === this.lines.length) this.lines.push('');
    } else if (part !== '\r' && part !== '') this.print(part);
  }

  private print(text: string): void {
    this.lines[this.at] += text;
    for (let line = this.lines[this.at] ?? ''; line.length > this.columns; line = this.lines[this.at] ?? '') {
      this.lines.splice(this.at, 1, line.slice(0, this.columns), line.slice(this.columns));
      this.at += 1;
    }
  }

  /** Makes it narrower or wider: what stands there is wrapped anew, as terminals do, and the cursor stays below it. */
  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    const pieces = this.lines.flatMap((line) => (line === '' ? [''] : (line.match(new RegExp(`.{1,${columns}}`, 'g')) ?? [''])));
    this.lines.splice(0, this.lines.length, ...pieces);
    this.at = this.lines.length - 1;
  }

  /** All that stands there, scrolled out or not. */
  get screen(): string {
    return this.lines.join('\n').trimEnd();
  }
}
