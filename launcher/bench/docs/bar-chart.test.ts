// A chart is well-formed whatever it is told, and as long as its numbers.
import { expect, test } from '@jest/globals';
import { renderBarChart } from './bar-chart.js';

const bar = (label: string, ...values: number[]) => ({ label, values, note: String(values[0]) });

test('letters that XML keeps for itself are written out', () => {
  const svg = renderBarChart({
    title: 'a < b & c',
    subtitle: '',
    series: ['one'],
    groups: [{ title: 'x > y', bars: [bar('<script>', 1)] }],
  });
  expect(svg).toContain('a &lt; b &amp; c');
  expect(svg).toContain('x &gt; y');
  expect(svg).toContain('&lt;script&gt;');
  expect(svg).not.toContain('<script>');
});

test('values are stacked, and the longest bar takes all the room', () => {
  const svg = renderBarChart({
    title: 'stacked',
    subtitle: '',
    series: ['one', 'two'],
    groups: [{ title: '', bars: [bar('long', 30, 60), bar('short', 9, 0)] }],
  });
  const bars = [...svg.matchAll(/<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)" height="15"/g)];
  expect(bars.map((match) => match.slice(1).map(Number))).toEqual([
    [290, 150],
    [440, 300],
    [290, 45],
    [335, 0],
  ]);
});

test('nothing at all is drawn as nothing', () => {
  const groups = [{ title: '', bars: [bar('none', 0)] }];
  const svg = renderBarChart({ title: 'zero', subtitle: '', series: ['one'], groups });
  expect(svg).toContain('width="0.0"');
});
