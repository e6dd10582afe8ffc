// The end of a log file, read without reading the file: logs of a long run are large.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** 20 lines of JSON log are about 10 kB; lines longer than this are cut at their beginning. */
const TAIL_BYTES_MAX = 64 * 1024;

/** Empty when the file is missing: the reason to look is then told elsewhere. */
export function lastLines(file: string, count: number): string[] {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    return [];
  }
  try {
    const { size } = fstatSync(fd);
    const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES_MAX));
    readSync(fd, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8').trimEnd().split('\n').slice(-count);
  } finally {
    closeSync(fd);
  }
}
