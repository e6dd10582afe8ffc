// Offers in sharded MySQL, by SKU. The last write wins; the version grows only when something changed.

import type { MysqlServer } from '../../../platform/mysql/connect.js';
import { inShards } from '../../../platform/mysql/in-shards.js';
import { enterGates, NOT_OWNER, ownedHere } from '../../../platform/mysql/shard-gate.js';
import type { ShardGates } from '../../../platform/mysql/shard-gates.js';
import { read, transact } from '../../../platform/mysql/transaction.js';
import { shardOf } from '../../../platform/shard.js';
import type { OfferStore } from '../../app/ports.js';
import { type NewOffer, type Offer, snapshotHashOf } from '../../domain/offer.js';
import { attributesIn, attributesText } from './attributes-text.js';
import { presaleIn, presaleText } from './presale-text.js';

const COLUMNS = `sku_id, title, currency, unit_price_minor, user_limit, opens_ms, closes_ms,
  version, attributes, presale`;

// Assignments run from left to right, so the version is decided while the old values still stand.
const UPSERT = `INSERT INTO offer (shard_no, ${COLUMNS}) VALUES ?
  ON DUPLICATE KEY UPDATE
    version = offer.version + IF(
      offer.title = VALUES(title) AND offer.currency = VALUES(currency)
      AND offer.unit_price_minor = VALUES(unit_price_minor)
      AND offer.user_limit = VALUES(user_limit)
      AND offer.opens_ms <=> VALUES(opens_ms) AND offer.closes_ms <=> VALUES(closes_ms)
      AND offer.attributes <=> VALUES(attributes)
      AND offer.presale <=> VALUES(presale), 0, 1),
    title = VALUES(title), currency = VALUES(currency),
    unit_price_minor = VALUES(unit_price_minor), user_limit = VALUES(user_limit),
    opens_ms = VALUES(opens_ms), closes_ms = VALUES(closes_ms), attributes = VALUES(attributes),
    presale = VALUES(presale)`;

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
  presale: string | null;
}

export class MysqlOfferStore implements OfferStore {
  readonly #gates: ShardGates;

  constructor(gates: ShardGates) {
    this.#gates = gates;
  }

  put(offer: NewOffer, deadlineMs: number): Promise<Offer> {
    const shard = shardOf(offer.skuId);
    const { skuId, title, currency, unitPriceMinor, userLimit, opensMs, closesMs } = offer;
    const texts = [shard, skuId, title, currency];
    const terms = [unitPriceMinor, userLimit, opensMs ?? null, closesMs ?? null, 1];
    const row = [...texts, ...terms, attributesText(offer.attributes), presaleText(offer.presale)];
    const options = { name: 'offer.put', deadlineMs, gated: true };
    const putOn = (server: MysqlServer) =>
      transact(server, options, async (tx) => {
        const { refused } = await enterGates(tx, [shard]);
        if (refused.size > 0) return NOT_OWNER;
        await tx.change(UPSERT, [[row]]);
        const where = 'WHERE shard_no = ? AND sku_id = ?';
        const [stored] = await tx.rows<OfferRow>(`${SELECT} ${where}`, [shard, skuId]);
        return toOffer(stored as OfferRow);
      });
    return this.#gates.write(shard, deadlineMs, putOn);
  }

  async read(skuIds: readonly string[], deadlineMs: number): Promise<(Offer | undefined)[]> {
    const offers = new Map<string, Offer>();
    await this.#gates.each(skuIds, { shardOf, deadlineMs }, async (server, ids) => {
      const look = this.#gates.look(server);
      const found = await readOn(server, ids, deadlineMs);
      for (const offer of found) offers.set(offer.skuId, offer);
      const missing = ids.filter((skuId) => !offers.has(skuId));
      if (missing.length === 0) return [];
      const unsure = await look(missing.map(shardOf), deadlineMs);
      return missing.filter((skuId) => unsure.has(shardOf(skuId)));
    });
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
  const sql = `${SELECT} WHERE ${where.sql} AND ${ownedHere('offer')}`;
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
    presale: presaleIn(row.presale),
  };
  return { ...offer, version: Number(row.version), snapshotHash: snapshotHashOf(offer) };
}
