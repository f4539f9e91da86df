import { expect, test } from 'vitest';
import { element, line, picture, text, tip } from '../../src/text/svg.ts';

test('a picture escapes what it is given, in text and in attributes, and holds nothing from outside', () => {
  const hostile = `<script>alert("1")</script> & 'x'\u0000`;
  const svg = picture({ width: 10, height: 20 }, hostile, [
    text(1, 2, hostile, { fill: `"/><script>` }),
    element('g', {}, tip(hostile), line([0, 0.123456], [-0, 1e-9], { stroke: '#000' })),
  ]);
  expect(svg).not.toMatch(/<script|\p{Cc}(?<!\n)/u);
  expect(svg).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39;');
  expect(svg).toContain('<line x1="0" y1="0.12" x2="0" y2="0" stroke="#000"/>');
});
