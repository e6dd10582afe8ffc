// The stores of a schedule, of which every call is a step: it waits for its turn and may be lost.

import type { OrderStore } from '../../services/order/app/ports.js';
import type { PaymentStore } from '../../services/payment/app/ports.js';

export type Step = <T>(label: string, act: () => Promise<T>) => Promise<T>;

export function steppedOrders(orders: OrderStore, step: Step): OrderStore {
  return {
    commit: (...args) => step('commit', () => orders.commit(...args)),
    findByRequest: (...args) => step('find order', () => orders.findByRequest(...args)),
    read: (...args) => step('read order', () => orders.read(...args)),
    list: (...args) => step('list orders', () => orders.list(...args)),
    change: (...args) => step(`order ${args[1].kind}`, () => orders.change(...args)),
    resolve: (...args) => step('resolve orders', () => orders.resolve(...args)),
    dueQueues: orders.dueQueues.map((queue) => ({
      name: queue.name,
      claim: (...args) => step('claim due orders', () => queue.claim(...args)),
    })),
  };
}

export function steppedPayments(payments: PaymentStore, step: Step): PaymentStore {
  return {
    create: (...args) => step('create payment', () => payments.create(...args)),
    get: (...args) => step('read payment', () => payments.get(...args)),
    update: (target, decide) => step('payment', () => payments.update(target, decide)),
  };
}
