// Promise: it holds what a Map would hold.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { OpenById } from './open-by-id.js';

test('it holds what a Map holds', () => {
  const step = fc.record({
    id: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    again: fc.nat(20),
    value: fc.string(),
  });
  const kind = fc.constantFrom('set', 'delete', 'set again', 'delete again');
  fc.assert(
    fc.property(fc.array(fc.tuple(kind, step), { maxLength: 100 }), (steps) => {
      const ours = new OpenById<string>();
      const map = new Map<number, string>();
      for (const [what, { id: fresh, again, value }] of steps) {
        const id = what.endsWith('again') ? ([...map.keys()][again] ?? fresh) : fresh;
        if (what.startsWith('set')) {
          ours.set(id, value);
          map.set(id, value);
        } else {
          ours.delete(id);
          map.delete(id);
        }
        expect(ours.get(id)).toBe(map.get(id));
      }
      expect(ours.size).toBe(map.size);
      const byId = [...map].sort(([a], [b]) => a - b).map(([, value]) => value);
      expect(ours.values()).toEqual(byId);
    }),
  );
});
