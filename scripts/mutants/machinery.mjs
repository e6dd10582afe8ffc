// Bugs in machinery that was written by hand for its speed: SQL text, and what is open by number.

const MYSQL = 'services/platform/mysql';
const HTTP2 = 'services/platform/http2';

export const MACHINERY = [
  {
    name: 'quote-taken-for-plain',
    why: "what a buyer called O'Neill writes, or one who means harm, becomes part of a statement",
    edits: [
      {
        file: `${MYSQL}/rows-text.ts`,
        find: 'const PLAIN = /^[ !#-&(-[\\]-~]*$/;',
        replace: 'const PLAIN = /^[ !#-[\\]-~]*$/;',
      },
    ],
    killedBy: { file: `${MYSQL}/rows-text.test.ts`, test: '^text is as the driver writes it$' },
    needs: 'unit',
  },
  {
    name: 'closed-streams-counted',
    why: 'a connection refuses every call once as many have come as may be open at a time',
    edits: [
      {
        file: `${HTTP2}/open-by-id.ts`,
        find: 'this.#size -= 1;',
        replace: '',
      },
    ],
    killedBy: { file: `${HTTP2}/open-by-id.test.ts`, test: '^it holds what a Map holds$' },
    needs: 'unit',
  },
];
