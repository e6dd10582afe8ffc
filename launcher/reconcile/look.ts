// One complete comparison of our books with a statement, shard by shard.

import { SHARDS } from '../../services/platform/shard.js';
import { type Book, withBooks } from '../audit/books.js';
import { ShardComparison } from './compare-shard.js';
import type { Difference } from './difference.js';
import { chargesOf, refundsOf } from './our-books.js';
import { ShardFiles } from './shard-files.js';
import { readStatement } from './statement.js';

export interface ReconcileTargets {
  readonly mysqlUrls: readonly string[];
  readonly databasePrefix: string;
  /** Address or file of the statement. */
  readonly statement: string;
  /** Whose statement it is. */
  readonly provider: string;
  /** host:port of the payment service, which asks the provider again. */
  readonly paymentAddresses: readonly string[];
}

export interface PaymentsLook {
  readonly differences: readonly Difference[];
  readonly movements: number;
  readonly charges: number;
  readonly refunds: number;
}

export async function lookAtPayments(targets: ReconcileTargets): Promise<PaymentsLook> {
  const files = new ShardFiles();
  try {
    for await (const movement of readStatement(targets.statement)) files.add(movement);
    return await withBooks(targets, (books) => compare(books, files, targets.provider));
  } finally {
    files.remove();
  }
}

async function compare(
  books: readonly Book[],
  files: ShardFiles,
  provider: string,
): Promise<PaymentsLook> {
  const differences = new ShardComparison(files.read('strange')).end();
  const counts = { charges: 0, refunds: 0 };
  for (let shard = 0; shard < SHARDS; shard += 1) {
    const comparison = new ShardComparison(files.read(shard));
    for (const book of books) {
      for await (const charge of chargesOf(book, shard, provider)) {
        comparison.charge(charge);
        counts.charges += 1;
      }
      for await (const refund of refundsOf(book, shard, provider)) {
        comparison.refund(refund);
        counts.refunds += 1;
      }
    }
    differences.push(...comparison.end());
  }
  return { differences, movements: files.count, ...counts };
}
