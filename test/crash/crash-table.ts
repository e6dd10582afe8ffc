// Every crash point: what is under way when the process dies there, what MySQL says the moment after
// (available/reserved/sold of each SKU), and what it says once the client has asked again.
import type { CrashPointName } from '../../services/platform/crash-point.js';
import * as story from './crash-stories.js';
import * as orders from './order-stories.js';

export interface Crash {
  readonly at: CrashPointName;
  readonly story: story.Story;
  readonly after: string;
  readonly end: string;
}

const row = (at: CrashPointName, told: story.Story, after: string, end: string): Crash => ({
  at,
  story: told,
  after,
  end,
});

export const CRASHES: readonly Crash[] = [
  row('gate.before', story.reserve, '5/0/0', '4/1/0'),
  row('gate.after', story.reserve, '5/0/0', '4/1/0'),
  row('settle.begin', story.reserve, '5/0/0', '4/1/0'),
  row('settle.locked', story.reserve, '5/0/0', '4/1/0'),
  row('settle.inserted', story.reserve, '5/0/0', '4/1/0'),
  row('settle.before-commit', story.reserve, '5/0/0', '4/1/0'),
  // From here on the second buyer, who never asks again, has his unit until check-back.
  row('settle.after-commit', story.reserve, '3/2/0', '3/2/0'),
  row('reserve.before-ack', story.reserve, '3/2/0', '3/2/0'),

  row('close.before-commit', story.release, '2/3/0', '4/1/0'),
  row('close.before-commit', story.confirm, '2/3/0', '2/1/2'),
  row('close.after-commit', story.release, '4/1/0', '4/1/0'),
  row('close.after-commit', story.confirm, '2/1/2', '2/1/2'),
  row('refund.before', story.release, '4/1/0', '4/1/0'),

  row('rebase.bumped', story.reserveForgotten, '4/1/0', '3/2/0'),
  row('rebase.before-install', story.reserveForgotten, '4/1/0', '3/2/0'),
  row('rebase.after-install', story.reserveForgotten, '4/1/0', '3/2/0'),
  row('rebase.fill', story.askLongAgo, '5/6100/0', '5/6100/0'),

  row('restock.before-commit', story.restock, '5/0/0', '8/0/0'),
  row('restock.after-commit', story.restock, '8/0/0', '8/0/0'),

  row('spread.first-held', story.reserveSpread, '4/1/0 5/0/0 5/0/0', '4/1/0 4/1/0 4/1/0'),
  row('spread.before-last', story.reserveSpread, '4/1/0 4/1/0 5/0/0', '4/1/0 4/1/0 4/1/0'),
  row('spread.barred', story.refuseSpread, '4/1/0 4/1/0 0/1/0', '5/0/0 5/0/0 0/1/0'),

  row('create.before-reserve', orders.createOrder, '5/0/0', '4/1/0'),
  row('create.after-reserve', orders.createOrder, '4/1/0', '4/1/0'),
  row('commit.before-commit', orders.createOrder, '4/1/0', '4/1/0'),
  row('create.after-commit', orders.createOrder, '4/1/0', '4/1/0'),
  row('create.after-intend', orders.createOrder, '4/1/0', '4/1/0'),
  row('create.before-ack', orders.createOrder, '4/1/0', '4/1/0'),

  row('cancel.barred', orders.cancelOrder, '4/1/0', '5/0/0'),
  row('cancel.barred', orders.cancelPresale, '4/1/0', '5/0/0'),
  row('change.before-commit', orders.cancelOrder, '4/1/0', '5/0/0'),
  row('change.after-commit', orders.cancelOrder, '4/1/0', '5/0/0'),
  row('change.after-commit', orders.cancelPresale, '4/1/0', '5/0/0'),
  row('outbox.delivered', orders.cancelOrder, '5/0/0', '5/0/0'),
];
