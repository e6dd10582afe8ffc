// The Lua scripts, loaded verbatim, and the words that their headers promise. A test compares this
// table with the headers, so that neither drifts.
//
// A script is called by its digest. When Redis does not know it (NOSCRIPT: nothing has run), the same
// call is sent once more with the text. That is the only repeat: a lost reply is never sent again.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

export const SCRIPTS = {
  reserve: {
    file: 'reserve.lua',
    keys: ['stock', 'grants', 'buyers'],
    args: ['sku_count', 'keep_s', 'epoch_floor', 'seq_floor', 'parts'],
    replies: [
      'GRANTED',
      'DUPLICATE',
      'SOLD_OUT',
      'USER_LIMIT',
      'CLOSED',
      'NOT_LOADED',
      'STALE',
      'EPOCH',
    ],
  },
  refund: {
    file: 'refund.lua',
    keys: ['stock', 'grants', 'buyers'],
    args: ['keep_s', 'reservation_id', 'quantity', 'epoch', 'buyer_id', 'mark'],
    replies: ['REFUNDED', 'DUPLICATE', 'SKIPPED', 'NOT_LOADED'],
  },
  install: {
    file: 'install.lua',
    keys: ['stock', 'grants', 'buyers'],
    args: [
      'epoch',
      'available',
      'listed',
      'keep_s',
      'grant_count',
      'reservation_id',
      'order_id',
      'user_id',
      'units',
    ],
    replies: ['INSTALLED', 'OLDER'],
  },
  remember: {
    file: 'remember.lua',
    keys: ['stock', 'grants'],
    args: ['epoch', 'last', 'keep_s', 'reservation_id', 'order_id'],
    replies: ['REMEMBERED', 'OLDER'],
  },
} as const;

export type ScriptName = keyof typeof SCRIPTS;

export interface ScriptText {
  readonly text: string;
  readonly digest: string;
}

export function loadScripts(): Record<ScriptName, ScriptText> {
  const load = (name: ScriptName): ScriptText => {
    const text = readFileSync(new URL(`./lua/${SCRIPTS[name].file}`, import.meta.url), 'utf8');
    return { text, digest: createHash('sha1').update(text).digest('hex') };
  };
  return {
    reserve: load('reserve'),
    refund: load('refund'),
    install: load('install'),
    remember: load('remember'),
  };
}
