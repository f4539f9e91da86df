import { readFileSync } from 'node:fs';
import { cropCentre, decodeImage } from 'stillroom/nn';
import type { Preparation } from 'stillroom/nn';
import { expect, test } from 'vitest';
import { madePicture } from './rig.ts';

/** What Pillow makes of a made picture by the steps that an exported model's metadata says: fixtures/reader.py. */
interface Case {
  readonly fit: Preparation['fit'];
  readonly height: number;
  readonly width: number;
  /** 11 × 11 × 3 bytes, in hexadecimal. */
  readonly pixels: string;
}

const cases = JSON.parse(readFileSync(new URL('fixtures/reader.json', import.meta.url), 'utf8')) as readonly Case[];

test.each(cases)(
  'who follows the metadata in Python sees what decodeImage does: $fit, $height × $width',
  async ({ fit, height, width, pixels }) => {
    const preparation = { size: 14, channels: 3, fit, background: 90 };
    const own = cropCentre(await decodeImage(madePicture(height, width), preparation), { height: 14, width: 14, channels: 3 }, 11);
    const others = Buffer.from(pixels, 'hex');
    expect(others).toHaveLength(own.length);
    const off = own.map((level, place) => Math.abs(level - (others[place] as number)));
    expect(Math.max(...off)).toBeLessThanOrEqual(5);
    expect(off.reduce((sum, one) => sum + one, 0) / off.length).toBeLessThan(0.8);
  },
);
