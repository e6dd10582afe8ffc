// Offers in sharded MySQL, by SKU. The last write wins; the version grows only when something changed.

import type { MysqlServer, ShardMap } from '../../../platform/mysql/connect.js';
import { inShards } from '../../../platform/mysql/in-shards.js';
import { read, transact } from '../../../platform/mysql/transaction.js';
import { shardOf } from '../../../platform/shard.js';
import type { OfferStore } from '../../app/ports.js';
import { type NewOffer, type Offer, snapshotHashOf } from '../../domain/offer.js';
import { attributesIn, attributesText } from './attributes-text.js';

const COLUMNS = `sku_id, title, currency, unit_price_minor, user_limit, opens_ms, closes_ms,
  version, attributes`;

// Assignments run from left to right, so the version is decided while the old values still stand.
const UPSERT = `INSERT INTO offer (shard_no, ${COLUMNS}) VALUES ?
  ON DUPLICATE KEY UPDATE
    version = offer.version + IF(
      offer.title = VALUES(title) AND offer.currency = VALUES(currency)
      AND offer.unit_price_minor = VALUES(unit_price_minor)
      AND offer.user_limit = VALUES(user_limit)
      AND offer.opens_ms <=> VALUES(opens_ms) AND offer.closes_ms <=> VALUES(closes_ms)
      AND offer.attributes <=> VALUES(attributes), 0, 1),
    title = VALUES(title), currency = VALUES(currency),
    unit_price_minor = VALUES(unit_price_minor), user_limit = VALUES(user_limit),
    opens_ms = VALUES(opens_ms), closes_ms = VALUES(closes_ms), attributes = VALUES(attributes)`;

const SELECT = `SELECT ${COLUMNS} FROM offer FORCE INDEX (PRIMARY)`;

interface OfferRow {
  sku_id: string;
  title: string;
  currency: string;
  unit_price_minor: string;
  user_limit: number;
  opens_ms: string | null;
  closes_ms: string | null;
  version: string;
  attributes: string | null;
}

export class MysqlOfferStore implements OfferStore {
  readonly #shards: ShardMap;

  constructor(shards: ShardMap) {
    this.#shards = shards;
  }

  put(offer: NewOffer, deadlineMs: number): Promise<Offer> {
    const shard = shardOf(offer.skuId);
    const { skuId, title, currency, unitPriceMinor, userLimit, opensMs, closesMs } = offer;
    const texts = [shard, skuId, title, currency];
    const terms = [unitPriceMinor, userLimit, opensMs ?? null, closesMs ?? null, 1];
    const row = [...texts, ...terms, attributesText(offer.attributes)];
    const server = this.#shards.serverOf(shard);
    return transact(server, { name: 'offer.put', deadlineMs }, async (tx) => {
      await tx.change(UPSERT, [[row]]);
      const where = 'WHERE shard_no = ? AND sku_id = ?';
      const [stored] = await tx.rows<OfferRow>(`${SELECT} ${where}`, [shard, skuId]);
      return toOffer(stored as OfferRow);
    });
  }

  async read(skuIds: readonly string[], deadlineMs: number): Promise<(Offer | undefined)[]> {
    const groups = this.#shards.groupByServer(skuIds, shardOf);
    const parts = await Promise.all(
      [...groups].map(([server, ids]) => readOn(server, ids, deadlineMs)),
    );
    const offers = new Map(parts.flat().map((offer) => [offer.skuId, offer]));
    return skuIds.map((skuId) => offers.get(skuId));
  }
}

async function readOn(
  server: MysqlServer,
  skuIds: readonly string[],
  deadlineMs: number,
): Promise<Offer[]> {
  const where = inShards(
    'sku_id',
    skuIds.map((skuId) => [shardOf(skuId), skuId] as const),
  );
  const sql = `${SELECT} WHERE ${where.sql}`;
  const rows = await read<OfferRow>(server, { deadlineMs }, sql, where.values);
  return rows.map(toOffer);
}

function toOffer(row: OfferRow): Offer {
  const offer: NewOffer = {
    skuId: row.sku_id,
    title: row.title,
    currency: row.currency,
    unitPriceMinor: BigInt(row.unit_price_minor),
    userLimit: row.user_limit,
    opensMs: row.opens_ms === null ? undefined : Number(row.opens_ms),
    closesMs: row.closes_ms === null ? undefined : Number(row.closes_ms),
    attributes: attributesIn(row.attributes),
  };
  return { ...offer, version: Number(row.version), snapshotHash: snapshotHashOf(offer) };
}
