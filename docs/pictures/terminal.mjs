import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const cli = join(import.meta.dirname, '../../dist/cli.js');

/** What is typed for the picture, in a copy of `example`. */
const COMMANDS = [
  'run distil.yaml',
  'plan distil.yaml --set student.rate=1.01',
  'run distil.yaml --set student.rate=1.01',
  'why @latest student',
];

/** Pixels of a character's cell, and around all. */
const CELL = { width: 8.4, height: 19 };
const MARGIN = 18;

/** The colours of a dark terminal by the codes of ECMA-48 that Stillroom uses. */
const COLOURS = { 31: '#ff7b72', 32: '#56d364', 33: '#e3b341', 36: '#76e3ea' };

/** Lines as a terminal is given them, of commands that are run in an empty copy of the example. */
function session() {
  const folder = mkdtempSync(join(tmpdir(), 'stillroom-picture-'));
  try {
    cpSync(join(import.meta.dirname, 'example'), folder, { recursive: true });
    const { CI: _, NO_COLOR: __, ...others } = process.env;
    const env = { ...others, FORCE_COLOR: '1', COLUMNS: '96', XDG_CACHE_HOME: join(folder, 'cache') };
    return COMMANDS.flatMap((command, index) => {
      const { stdout, stderr } = spawnSync(process.execPath, [cli, ...command.split(' ')], { cwd: folder, env, encoding: 'utf8' });
      const lines = `${stderr}${stdout}`.trimEnd().split('\n');
      return [...(index === 0 ? [] : ['']), `\u001b[2m$\u001b[22m \u001b[1mnpx stillroom ${command}\u001b[22m`, ...lines];
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} text */
function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** One line as SVG text: each piece that stands out in a span of its own.
 * @param {string} line
 * @param {number} row
 */
function lineMarkup(line, row) {
  /** @type {Record<string, string>} */
  let style = {};
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is how colours are told.
  const pieces = line.split(/(\u001b\[\d+m)/).flatMap((piece) => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
    const code = /^\u001b\[(\d+)m$/.exec(piece)?.[1];
    if (code === undefined) return piece === '' ? [] : [{ text: piece, style }];
    if (code === '39') style = { ...style, fill: '' };
    else if (code === '22') style = { ...style, 'font-weight': '', 'fill-opacity': '' };
    else if (code === '1') style = { ...style, 'font-weight': 'bold' };
    else if (code === '2') style = { ...style, 'fill-opacity': '0.65' };
    else style = { ...style, fill: COLOURS[/** @type {keyof typeof COLOURS} */ (/** @type {unknown} */ (code))] ?? '' };
    return [];
  });
  const spans = pieces.map(({ text, style: own }) => {
    const attributes = Object.entries(own).flatMap(([name, value]) => (value === '' ? [] : [` ${name}="${value}"`]));
    return attributes.length === 0 ? escaped(text) : `<tspan${attributes.join('')}>${escaped(text)}</tspan>`;
  });
  return `<text x="${MARGIN}" y="${(MARGIN + CELL.height * (row + 0.75)).toFixed(1)}" xml:space="preserve">${spans.join('')}</text>`;
}

/** The session as a picture of a terminal (SVG): real commands with what they print. */
export function terminalPicture() {
  const lines = session();
  const width = Math.ceil(2 * MARGIN + 96 * CELL.width);
  const height = Math.ceil(2 * MARGIN + CELL.height * lines.length);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="Stillroom on a terminal">
<rect width="${width}" height="${height}" rx="8" fill="#15181d"/>
<g fill="#e6e6e6" font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14">
${lines.map(lineMarkup).join('\n')}
</g>
</svg>
`;
}

/** What a picture says, without what differs from run to run: names of runs, hashes, times.
 * @param {string} picture
 */
export function wordsOf(picture) {
  return (
    picture
      // Where a line stands depends on the order in which nodes end.
      .replaceAll(/ y="[\d.]+"/g, '')
      .replaceAll(/\b\d{8}-?T?\d{6}[\w-]*/g, 'RUN')
      .replaceAll(/\b[0-9a-f]{12,64}\b/g, 'HASH')
      .replaceAll(/\d+(\.\d+)? (ms|s|min)\b/g, 'TIME')
      .replaceAll(/ +/g, ' ')
  );
}
