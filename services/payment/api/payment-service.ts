// PaymentService on the wire: decode, call the use case, encode. No rule lives here.

import type { PaymentService } from '../../../gen/spillway/payment/v1/payment_service_pb.js';
import { invalidField } from '../../platform/rpc/errors.js';
import type { CallContext, Handlers } from '../../platform/rpc/server.js';
import { cancelMany, cancelOne } from '../app/cancel-payment.js';
import type { PaymentPorts } from '../app/ports.js';
import { refundPayment } from '../app/refund-payment.js';
import { startPayment } from '../app/start-payment.js';
import { takeEvent } from '../app/take-event.js';
import type { NewPayment } from '../domain/create.js';
import type { Payment } from '../domain/payment.js';
import { orderIdOf } from '../domain/payment-id.js';
import {
  moneyOf,
  toCancelOutcome,
  toCreateOutcome,
  toNewPayment,
  toWirePayment,
  toWireRefund,
} from './convert.js';
import { refusal, unavailable } from './errors.js';

export function paymentHandlers(ports: PaymentPorts): Handlers<typeof PaymentService> {
  const { store } = ports;
  return {
    createPayment: async (request, { deadlineMs }) => {
      const payment = await createOne(ports, toNewPayment(request), deadlineMs);
      return { payment: toWirePayment(payment) };
    },

    batchCreatePayment: async ({ items }, { deadlineMs }) => {
      const wanted = items.map((item, i) => toNewPayment(item, i));
      const outcomes = await store.create(wanted, deadlineMs);
      return { outcomes: outcomes.map(toCreateOutcome) };
    },

    getPayment: async ({ paymentId }, { deadlineMs }) => {
      const payment = await store.get(knownOrderId(paymentId), deadlineMs);
      if (payment === undefined) throw refusal('PAYMENT_UNKNOWN');
      return { payment: toWirePayment(payment) };
    },

    startPayment: (request, context) => start(ports, request, context),

    cancelPayment: (request, context) => cancel(ports, request, context),

    batchCancelPayment: async ({ paymentIds }, { deadlineMs }) => {
      const outcomes = await cancelMany(ports, paymentIds, deadlineMs);
      return { outcomes: outcomes.map(toCancelOutcome) };
    },

    refundPayment: (request, context) => refund(ports, request, context),

    handleProviderEvent: async ({ provider, signature, body }, { deadlineMs }) => {
      const result = await takeEvent(ports, { provider, signature, body, deadlineMs });
      if (result.outcome !== 'TAKEN') throw refusal(result.outcome);
      return { duplicate: result.duplicate };
    },
  };
}

async function createOne(
  { store, settings }: PaymentPorts,
  wanted: NewPayment,
  deadlineMs: number,
): Promise<Payment> {
  const [outcome] = await store.create([wanted], deadlineMs);
  if (outcome === 'REUSED') throw refusal('REQUEST_ID_REUSED');
  const payment = outcome === 'CREATED' ? await store.get(wanted.orderId, deadlineMs) : undefined;
  if (payment === undefined) {
    throw unavailable('the outcome is not known; send it again', settings.providerRetryMs);
  }
  return payment;
}

type Rpc = Handlers<typeof PaymentService>;

async function start(
  ports: PaymentPorts,
  { paymentId, requestId, method }: Parameters<Rpc['startPayment']>[0],
  { deadlineMs }: CallContext,
): ReturnType<Rpc['startPayment']> {
  const orderId = knownOrderId(paymentId);
  const result = await startPayment(ports, { orderId, requestId, method, deadlineMs });
  switch (result.outcome) {
    case 'STARTED':
      return { payment: toWirePayment(result.payment), redirectUrl: result.redirectUrl };
    case 'PROVIDER_DOWN':
    case 'PROVIDER_SILENT':
      throw unavailable('the payment provider does not answer', ports.settings.providerRetryMs);
    case 'PAYMENT_UNKNOWN':
    case 'REQUEST_ID_REUSED':
      throw refusal(result.outcome);
    case 'PAYMENT_IN_PROGRESS':
    case 'TRANSITION_ILLEGAL':
    case 'PAYMENT_DEADLINE_PASSED':
      throw refusal(result.outcome, result.payment.state);
  }
}

async function cancel(
  ports: PaymentPorts,
  { paymentId }: Parameters<Rpc['cancelPayment']>[0],
  { deadlineMs }: CallContext,
): ReturnType<Rpc['cancelPayment']> {
  const result = await cancelOne(ports, knownOrderId(paymentId), deadlineMs);
  switch (result.outcome) {
    case 'CANCELLED':
      return { payment: toWirePayment(result.payment) };
    case 'IN_PROGRESS':
      throw refusal('PAYMENT_IN_PROGRESS', result.payment.state);
    case 'CAPTURED':
      throw refusal('TRANSITION_ILLEGAL', result.payment.state);
    case 'PAYMENT_UNKNOWN':
      throw refusal('PAYMENT_UNKNOWN');
  }
}

async function refund(
  ports: PaymentPorts,
  { paymentId, requestId, amount, reason }: Parameters<Rpc['refundPayment']>[0],
  { deadlineMs }: CallContext,
): ReturnType<Rpc['refundPayment']> {
  const { currency, amountMinor } = moneyOf(amount);
  if (amountMinor <= 0n) throw invalidField('amount.amount_minor', 'must be more than 0');
  const orderId = knownOrderId(paymentId);
  const command = { requestId, currency, amountMinor, reason };
  const result = await refundPayment(ports, orderId, command, deadlineMs);
  switch (result.outcome) {
    case 'ACCEPTED':
      return {
        refund: toWireRefund(orderId, result.refund),
        payment: toWirePayment(result.payment),
      };
    case 'CURRENCY_DIFFERS':
      throw invalidField('amount.currency', `the payment is in ${result.payment.currency}`);
    case 'PAYMENT_UNKNOWN':
    case 'REQUEST_ID_REUSED':
      throw refusal(result.outcome);
    case 'REFUND_EXCEEDS_CAPTURED':
    case 'TRANSITION_ILLEGAL':
      throw refusal(result.outcome, result.payment.state);
  }
}

/** An id of a form that no payment has is as unknown as one that nobody has created. */
function knownOrderId(paymentId: string): bigint {
  const orderId = orderIdOf(paymentId);
  if (orderId === undefined) throw refusal('PAYMENT_UNKNOWN');
  return orderId;
}
