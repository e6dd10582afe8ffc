// What is measured of inventory, in the order of a round: duplicates, confirms and releases are of
// the reservations that this round has made.
import type { MeasurementName } from '../bench-result.js';
import type { LuaOnly } from '../parts/lua-only.js';
import type { Measurement } from '../rounds.js';
import type { Sale } from './sale.js';

export function inventoryMeasurements(sale: Sale, gate: LuaOnly): Measurement<MeasurementName>[] {
  return [
    { name: 'reserve_hot', load: () => sale.reserveHot() },
    { name: 'lua_only', load: () => gate.load() },
    { name: 'naive', load: () => sale.naive() },
    { name: 'sold_out', load: () => sale.soldOut() },
    { name: 'duplicate', load: () => sale.duplicate() },
    { name: 'confirm', load: () => sale.confirm() },
    { name: 'release', load: () => sale.release() },
    { name: 'get_stock', load: () => sale.getStock() },
  ];
}
