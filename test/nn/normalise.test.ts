import { expect, test } from 'vitest';
import { Normaliser } from '../../src/nn/images/normalise.ts';

test.each([1, 3, 4])('%d channels are normalised in both layouts', (channels) => {
  const mean = [0.485, 0.456, 0.406, 0.5].slice(0, channels);
  const std = [0.229, 0.224, 0.225, 0.25].slice(0, channels);
  const area = 85;
  const pixels = Uint8Array.from({ length: area * channels }, (_, index) => (index * 37) % 256);
  const at = (place: number, channel: number): number =>
    Math.fround(((pixels[place * channels + channel] as number) / 255 - (mean[channel] as number)) / (std[channel] as number));
  const normaliser = new Normaliser({ mean, std });
  const [first, last] = [new Float32Array(2 + pixels.length), new Float32Array(2 + pixels.length)];
  normaliser.write(pixels, 'NCHW', first, 2);
  normaliser.write(pixels, 'NHWC', last, 2);
  for (let place = 0; place < area; place++) {
    for (let channel = 0; channel < channels; channel++) {
      expect(first[2 + channel * area + place]).toBe(at(place, channel));
      expect(last[2 + place * channels + channel]).toBe(at(place, channel));
    }
  }
  expect([...first.subarray(0, 2), ...last.subarray(0, 2)]).toEqual([0, 0, 0, 0]);
});
