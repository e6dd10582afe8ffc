// k6's own console: the types of k6 leave it to the DOM's, which is not there.

declare const console: {
  log(...words: unknown[]): void;
  warn(...words: unknown[]): void;
};
