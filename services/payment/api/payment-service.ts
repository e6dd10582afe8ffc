// PaymentService on the wire: decode, call the use case, encode. No rule lives here.

import type { PaymentService } from '../../../gen/spillway/payment/v1/payment_service_pb.js';
import { invalidField } from '../../platform/rpc/errors.js';
import type { CallContext, Handlers } from '../../platform/rpc/server.js';
import { withMembers } from '../../platform/telemetry/trace-batch.js';
import { cancelMany, cancelOne } from '../app/cancel-payment.js';
import { lookAgain } from '../app/look-again.js';
import type { PaymentPorts } from '../app/ports.js';
import { refundOwed, refundPayment } from '../app/refund-payment.js';
import { startPayment } from '../app/start-payment.js';
import { takeEvent } from '../app/take-event.js';
import type { NewPayment } from '../domain/create.js';
import type { Payment } from '../domain/payment.js';
import { type PaymentKey, paymentKeyOf } from '../domain/payment-id.js';
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
    createPayment: async (request, { deadlineMs, span }) => {
      const wanted = toNewPayment(request, undefined, span);
      const payment = await createOne(ports, wanted, deadlineMs);
      return { payment: toWirePayment(payment) };
    },

    batchCreatePayment: async ({ items, traces }, { deadlineMs, span }) => {
      const outcomes = await withMembers('payment.create', traces, span, (spans) => {
        const wanted = items.map((item, i) => toNewPayment(item, i, spans?.of(i)));
        return store.create(wanted, deadlineMs);
      });
      return { outcomes: outcomes.map(toCreateOutcome) };
    },

    getPayment: async ({ paymentId }, { deadlineMs }) => {
      const payment = await store.get(knownPayment(paymentId), deadlineMs);
      if (payment === undefined) throw refusal('PAYMENT_UNKNOWN');
      return { payment: toWirePayment(payment) };
    },

    startPayment: (request, context) => start(ports, request, context),

    cancelPayment: (request, context) => cancel(ports, request, context),

    batchCancelPayment: async ({ paymentIds, traces }, { deadlineMs, span }) => {
      const outcomes = await withMembers('payment.cancel', traces, span, (spans) => {
        return cancelMany(ports, paymentIds, deadlineMs, (i) => spans?.of(i));
      });
      return { outcomes: outcomes.map(toCancelOutcome) };
    },

    refundPayment: (request, context) => refund(ports, request, context),

    refundUpTo: (request, context) => refundUpTo(ports, request, context),

    handleProviderEvent: async ({ provider, signature, body }, { deadlineMs, span }) => {
      const result = await takeEvent(ports, { provider, signature, body, deadlineMs, span });
      if (result.outcome === 'PROVIDER_SILENT') throw silent(ports);
      if (result.outcome !== 'TAKEN') throw refusal(result.outcome);
      return { duplicate: result.duplicate };
    },

    lookAgain: async ({ paymentId }, { deadlineMs }) => {
      const result = await lookAgain(ports, knownPayment(paymentId), deadlineMs);
      if (result.outcome === 'PAYMENT_UNKNOWN') throw refusal(result.outcome);
      return { payment: toWirePayment(result.payment), answered: result.answered };
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
  const payment = outcome === 'CREATED' ? await store.get(wanted, deadlineMs) : undefined;
  if (payment === undefined) {
    throw unavailable('the outcome is not known; send it again', settings.providerRetryMs);
  }
  return payment;
}

type Rpc = Handlers<typeof PaymentService>;

async function start(
  ports: PaymentPorts,
  { paymentId, requestId, method }: Parameters<Rpc['startPayment']>[0],
  { deadlineMs, span }: CallContext,
): ReturnType<Rpc['startPayment']> {
  const payment = knownPayment(paymentId);
  const result = await startPayment(ports, { payment, requestId, method, deadlineMs, span });
  switch (result.outcome) {
    case 'STARTED':
      return { payment: toWirePayment(result.payment), redirectUrl: result.redirectUrl };
    case 'PROVIDER_DOWN':
    case 'PROVIDER_SILENT':
      throw silent(ports);
    case 'PAYMENT_UNKNOWN':
    case 'REQUEST_ID_REUSED':
      throw refusal(result.outcome);
    case 'PAYMENT_IN_PROGRESS':
    case 'TRANSITION_ILLEGAL':
    case 'PAYMENT_NOT_OPEN':
    case 'PAYMENT_DEADLINE_PASSED':
      throw refusal(result.outcome, result.payment.state);
  }
}

async function cancel(
  ports: PaymentPorts,
  { paymentId }: Parameters<Rpc['cancelPayment']>[0],
  { deadlineMs, span }: CallContext,
): ReturnType<Rpc['cancelPayment']> {
  const result = await cancelOne(ports, knownPayment(paymentId), deadlineMs, span);
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
  { deadlineMs, span }: CallContext,
): ReturnType<Rpc['refundPayment']> {
  const { currency, amountMinor } = moneyOf(amount);
  if (amountMinor <= 0n) throw invalidField('amount.amount_minor', 'must be more than 0');
  const payment = knownPayment(paymentId);
  const command = { requestId, currency, amountMinor, reason };
  const result = await refundPayment(ports, payment, command, deadlineMs, span);
  switch (result.outcome) {
    case 'ACCEPTED':
      return {
        refund: toWireRefund(payment, result.refund),
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

async function refundUpTo(
  ports: PaymentPorts,
  { paymentId, requestId, amount, reason }: Parameters<Rpc['refundUpTo']>[0],
  { deadlineMs, span }: CallContext,
): ReturnType<Rpc['refundUpTo']> {
  const { currency, amountMinor } = moneyOf(amount);
  if (amountMinor <= 0n) throw invalidField('amount.amount_minor', 'must be more than 0');
  const payment = knownPayment(paymentId);
  const command = { requestId, currency, amountMinor, reason };
  const result = await refundOwed(ports, payment, command, deadlineMs, span);
  switch (result.outcome) {
    case 'ACCEPTED':
      return { refunded: { currency, amountMinor: result.refundedMinor } };
    case 'CURRENCY_DIFFERS':
      throw invalidField('amount.currency', `the payment is in ${result.payment.currency}`);
    case 'PAYMENT_UNKNOWN':
    case 'REQUEST_ID_REUSED':
      throw refusal(result.outcome);
    case 'TRANSITION_ILLEGAL':
      throw refusal(result.outcome, result.payment.state);
  }
}

function silent({ settings }: PaymentPorts) {
  return unavailable('the payment provider does not answer', settings.providerRetryMs);
}

/** An id of a form that no payment has is as unknown as one that nobody has created. */
function knownPayment(paymentId: string): PaymentKey {
  const payment = paymentKeyOf(paymentId);
  if (payment === undefined) throw refusal('PAYMENT_UNKNOWN');
  return payment;
}
