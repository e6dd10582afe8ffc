// Starting several things at once: the first failure is the one that is told, and nothing is left.
import { expect, test } from '@jest/globals';
import { together } from './together.js';

test('gives the results in order', async () => {
  expect(await together(undefined, [async () => 'a', async () => 'b'])).toEqual(['a', 'b']);
});

test('the first failure stops the others, waits for them, and is the one thrown', async () => {
  const ended: string[] = [];
  const patient = (signal: AbortSignal) =>
    new Promise<string>((_, reject) => {
      signal.addEventListener('abort', () => {
        ended.push('patient');
        reject(new Error('aborted'));
      });
    });
  const work = together(undefined, [patient, () => Promise.reject(new Error('the reason'))]);
  await expect(work).rejects.toThrow('the reason');
  expect(ended).toEqual(['patient']);
});

test('an interruption from outside reaches all of them', async () => {
  const outer = new AbortController();
  const stops = (signal: AbortSignal) =>
    new Promise<string>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  const work = together(outer.signal, [stops, stops]);
  outer.abort(new Error('Ctrl-C'));
  await expect(work).rejects.toThrow('Ctrl-C');
});
