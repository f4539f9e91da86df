import { crc32, deflateSync } from 'node:zlib';
import { figure } from '../text.ts';
import type { Confusion, Samples } from './data.ts';
import { html, type Markup } from './markup.ts';

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

/** An image of one (grey) or three (RGB) bytes a pixel, row by row, as a PNG. */
export function encodePng(pixels: Uint8Array, width: number, height: number, channels: 1 | 3): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, channels === 1 ? 0 : 2, 0, 0, 0], 8);
  const row = width * channels;
  const lines = Buffer.alloc(height * (row + 1));
  for (let line = 0; line < height; line += 1) lines.set(pixels.subarray(line * row, (line + 1) * row), line * (row + 1) + 1);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(lines)), chunk('IEND', Buffer.alloc(0))]);
}

/** How strongly a cell is coloured, in ten steps. */
function shade(share: number): number {
  return share <= 0 ? 0 : Math.min(9, 1 + Math.floor(share * 9));
}

/** A table with a row for each true class and a column for each class it was taken for. */
export function confusionTable({ from, classes, counts }: Confusion): Markup {
  const head = classes.map((name) => html`<th scope="col"><span>${name}</span></th>`);
  const rows = counts.map((row, truth) => {
    const sum = row.reduce((total, count) => total + count, 0);
    const cells = row.map(
      (count, taken) =>
        html`<td class="${truth === taken ? 'right' : 'wrong'} s${shade(sum === 0 ? 0 : count / sum)}" title="${classes[truth]} taken for ${classes[taken]}: ${count}">${count === 0 ? '' : count}</td>`,
    );
    const recall = sum === 0 ? '' : figure(Number(((row[truth] ?? 0) / sum).toFixed(3)));
    return html`<tr><th scope="row">${classes[truth]}</th>${cells}<td class="share">${recall}</td></tr>`;
  });
  return html`<figure class="wide"><figcaption>${from}: rows are what is so, columns what was said; last, the share that is right</figcaption><table class="confusion"><thead><tr><th></th>${head}<th></th></tr></thead><tbody>${rows}</tbody></table></figure>`;
}

/** Images with what they are and what they were taken for, the surest mistakes first. */
export function sampleGrid({ from, items }: Samples): Markup {
  const cards = items.map(({ image, name, truth, predicted, probability }) => {
    const isRight = truth === predicted;
    const words = isRight ? html`<b>${truth}</b>` : html`<b>${predicted}</b>, but is ${truth}`;
    return html`<li class="${isRight ? 'hit' : 'miss'}"><img src="data:image/png;base64,${Buffer.from(image).toString('base64')}" alt="${name}" title="${name}"><span>${words} <small>${Math.round(probability * 100)} %</small></span></li>`;
  });
  return html`<figure class="wide"><figcaption>${from}: the surest mistakes, then what is right</figcaption><ul class="samples">${cards}</ul></figure>`;
}
