// A shop on a usual day, for the scripts that run it: people look, buy, pay, come back to their
// order, some cancel; the staff ships what is paid and restocks what runs out.

import exec from 'k6/execution';
import { Chance } from '../plan/chance.ts';
import { fillBasket } from './basket.ts';
import { config } from './config.ts';
import { restock } from './shelf.ts';
import {
  cancelOrder,
  createOrder,
  getOrder,
  getStock,
  overGrpc,
  overHttp,
  payOrder,
  purchase,
  shipOrder,
  skuName,
} from './shopper.ts';

const BUY_CHANCE = 0.5;
const LOOK_AT_ORDER_CHANCE = 0.4;
const HTTP_CHANCE = 0.05;
/** Of those who bought; the rest leaves the order unpaid. */
const PAY_CHANCE = 0.2;
const CANCEL_CHANCE = 0.15;
const SHIP_CHANCE = 0.5;

/** A payment is a round trip to the provider and back through two outboxes. */
export const SECONDS_EACH = 0.2;
/** A delivery takes the next SKUs in turn, the popular ones first. */
export const DELIVERIES_PER_SECOND = 2;

/** The last order of this virtual user: what it comes back to. */
let mine: string | undefined;

export function shop(): void {
  const number = exec.scenario.iterationInTest;
  const chance = new Chance(config.seed, number);
  if (chance.happens(BUY_CHANCE)) buy(number, chance);
  else look(chance);
}

/** Many units of a popular SKU at the middle of its sale, while others buy it. */
export function deliver(): void {
  const number = exec.scenario.iterationInTest;
  restock(number % config.skus, Math.max(1, config.units), `more-${number}`);
}

function buy(number: number, chance: Chance): void {
  const order = createOrder(purchase(number, fillBasket(chance)), ['SOLD_OUT']);
  if (order === undefined) return;
  mine = order.orderId;
  if (chance.happens(PAY_CHANCE)) {
    if (payOrder(order) && chance.happens(SHIP_CHANCE)) shipOrder(order.orderId);
  } else if (chance.happens(CANCEL_CHANCE)) {
    cancelOrder(order.orderId);
  }
}

function look(chance: Chance): void {
  const call = chance.happens(HTTP_CHANCE) ? overHttp : overGrpc;
  if (mine !== undefined && chance.happens(LOOK_AT_ORDER_CHANCE)) getOrder(mine, call);
  else getStock(skuName(chance.below(config.skus)), call);
}
