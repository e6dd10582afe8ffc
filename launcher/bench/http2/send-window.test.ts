// Nothing is sent beyond what the peer has granted, to the connection and to each stream apart, and all of
// it is sent in the end.
import { expect, test } from '@jest/globals';
import { FRAME, FrameReader } from '../../../services/platform/http2/frames.js';
import { FrameWriter } from './frame-writer.js';
import { SendWindow } from './send-window.js';

interface Sent {
  readonly streamId: number;
  readonly length: number;
  readonly end: boolean;
}

function openWindow(bytes: number) {
  const sent: Sent[] = [];
  const frames = new FrameReader();
  const out = new FrameWriter((written) => {
    frames.read(written, (type, flags, streamId, payload) => {
      expect(type).toBe(FRAME.DATA);
      sent.push({ streamId, length: payload.length, end: flags === 1 });
      return true;
    });
  });
  const window = new SendWindow(out, bytes);
  const take = () => {
    out.flush();
    return sent.splice(0);
  };
  return { window, take };
}

const head = Buffer.alloc(5);

test('a message that fits is one frame', () => {
  const { window, take } = openWindow(1_000);
  window.data(1, head, Buffer.alloc(995));
  expect(take()).toEqual([{ streamId: 1, length: 1_000, end: true }]);
});

test('frames are no larger than every peer takes', () => {
  const { window, take } = openWindow(100_000);
  window.data(1, head, Buffer.alloc(20_000));
  expect(take()).toEqual([
    { streamId: 1, length: 16_384, end: false },
    { streamId: 1, length: 3_621, end: true },
  ]);
});

test('the window of the connection is shared', () => {
  const { window, take } = openWindow(1_000);
  window.data(1, head, Buffer.alloc(595));
  window.data(3, head, Buffer.alloc(595));
  window.data(5, head, Buffer.alloc(95));
  expect(take()).toEqual([
    { streamId: 1, length: 600, end: true },
    { streamId: 3, length: 400, end: false },
  ]);
  window.update(0, 250);
  expect(take()).toEqual([
    { streamId: 3, length: 200, end: true },
    { streamId: 5, length: 50, end: false },
  ]);
  window.update(0, 1_000);
  expect(take()).toEqual([{ streamId: 5, length: 50, end: true }]);
});

test('the window of a stream is its own', () => {
  const { window, take } = openWindow(10_000);
  window.initialBytes = 100;
  window.data(1, head, Buffer.alloc(195));
  window.data(3, head, Buffer.alloc(95));
  expect(take()).toEqual([
    { streamId: 1, length: 100, end: false },
    { streamId: 3, length: 100, end: true },
  ]);
  window.update(3, 1_000);
  expect(take()).toEqual([]);
  window.update(1, 60);
  expect(take()).toEqual([{ streamId: 1, length: 60, end: false }]);
  window.update(1, 60);
  expect(take()).toEqual([{ streamId: 1, length: 40, end: true }]);
});
