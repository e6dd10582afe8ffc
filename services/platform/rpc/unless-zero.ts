// Writes a field unless it has its type's zero: what has no presence of its own is not sent then.
// One function for each type, because a comparison that has seen all types takes three times as long.

import type { ByteSink } from './byte-sink.js';

type Write = (sink: ByteSink, value: unknown) => void;
type Fields = { [name: string]: unknown };

export function unlessZero(name: string, write: Write, zero: unknown): Write {
  switch (typeof zero) {
    case 'string':
      return (sink, message) => {
        const value = (message as Fields)[name];
        if (value !== undefined && value !== '') write(sink, value);
      };
    case 'number':
      return (sink, message) => {
        const value = (message as Fields)[name];
        if (value !== undefined && value !== 0) write(sink, value);
      };
    case 'bigint':
      return (sink, message) => {
        const value = (message as Fields)[name];
        if (value !== undefined && value !== 0n) write(sink, value);
      };
    default:
      return (sink, message) => {
        const value = (message as Fields)[name];
        if (value !== undefined && value !== zero) write(sink, value);
      };
  }
}
