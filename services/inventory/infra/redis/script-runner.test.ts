// Promise: a script is said to have changed nothing only where Redis says so; all else is unknown, for
// whoever takes an unknown for a no gives its units away twice.
// Method: a table of what servers and the driver have been seen to say.

import { expect, test } from '@jest/globals';
import { NOT_CONNECTED } from '../../../platform/redis/send-all.js';
import { judge } from './script-runner.js';

const BROKEN = { known: true, value: undefined, broken: true };
const UNKNOWN = { known: false };
const refused = (word: string) => ({ known: false, refused: word });

test.each<[string, object]>([
  ['NOSCRIPT No matching script. Please use EVAL.', refused('NOSCRIPT')],
  ['MOVED 1732 127.0.0.1:7001', refused('MOVED')],
  ['ASK 1732 127.0.0.1:7001', refused('ASK')],
  ['TRYAGAIN Multiple keys request during rehashing of slot', refused('TRYAGAIN')],
  ['CLUSTERDOWN Hash slot not served', refused('CLUSTERDOWN')],
  ["CROSSSLOT Keys in request don't hash to the same slot", refused('CROSSSLOT')],
  ['LOADING Redis is loading the dataset in memory', refused('LOADING')],
  ["READONLY You can't write against a read only replica.", refused('READONLY')],
  [
    "OOM command not allowed when used memory > 'maxmemory'. script: 5a, on @user_script:3.",
    refused('OOM'),
  ],
  ['MISCONF Redis is configured to save RDB snapshots', refused('MISCONF')],
  ['NOREPLICAS Not enough good replicas to write.', refused('NOREPLICAS')],
  ['BUSY Redis is busy running a script.', refused('BUSY')],
  ['MASTERDOWN Link with MASTER is down', refused('MASTERDOWN')],
  ['NOAUTH Authentication required.', refused('NOAUTH')],
  ['NOPERM this user has no permissions', refused('NOPERM')],
  [
    'ERR Error running script (call to f_5a): @user_script:1: -OOM command not allowed',
    refused('OOM'),
  ],
  [NOT_CONNECTED, refused(NOT_CONNECTED)],
  // The driver has followed its last redirection, and tells what came of it.
  ['Too many Cluster redirections. Last error: ReplyError: MOVED 1 a:1', refused('MOVED')],
  ['Too many Cluster redirections. Last error: ReplyError: TRYAGAIN Multiple', refused('TRYAGAIN')],
  ['Too many Cluster redirections. Last error: Error: Command timed out', UNKNOWN],
  ['Too many Cluster redirections. Last error: Error: Connection is closed.', UNKNOWN],
  ['WRONGTYPE Operation against a key holding the wrong kind of value', BROKEN],
  ['ERR Error running script (call to f_5a): @user_script:1: WRONGTYPE Operation', BROKEN],
  // It may have stopped half-way.
  ['ERR hash value is not an integer', UNKNOWN],
  ['ERR user_script:7: Script attempted to access nonexistent global variable', UNKNOWN],
  ['UNKILLABLE Sorry the script already executed write commands', UNKNOWN],
  ['Command timed out', UNKNOWN],
  ['Connection is closed.', UNKNOWN],
  ['Reached the max retries per request limit (which is 0).', UNKNOWN],
  ["Stream isn't writeable and enableOfflineQueue options is false", UNKNOWN],
  ['read ECONNRESET', UNKNOWN],
  ['READONLYISH is no word of Redis', UNKNOWN],
])('%s', (message, reply) => {
  expect(judge({ error: new Error(message) })).toEqual(reply);
});

test.each([['GRANTED'], [null], [['DUPLICATE', '7']]])('an answer is known: %j', (value) => {
  expect(judge({ value })).toEqual({ known: true, value });
});
