// Colours for a terminal that shows them; plain text for a file, a pipe, or NO_COLOR.
import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';
import { type Paint, PLAIN } from './render.js';

const COLOURED: Paint = {
  good: (text) => styleText('green', text),
  bad: (text) => styleText('red', text),
  dim: (text) => styleText('dim', text),
};

export function paintFor(stream: NodeJS.WriteStream): Paint {
  // hasColors() heeds NO_COLOR and FORCE_COLOR; a stream that is no terminal does not have it.
  const terminal = stream as Partial<WriteStream>;
  return stream.isTTY && terminal.hasColors?.() === true ? COLOURED : PLAIN;
}
