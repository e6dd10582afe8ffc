// Inventory's part of the benchmark for people. Pure.
import type { Paint } from '../../audit/render.js';
import type { InventoryBenchResult, InventoryFigures, MeasurementName } from '../bench-result.js';
import {
  figureLines,
  heading,
  limitLines,
  machineLines,
  NAME_WIDTH,
  n,
  warnings,
} from '../table.js';

const TITLES: Record<MeasurementName, string> = {
  reserve_hot: 'reserved and settled, one hot SKU',
  lua_only: 'the gate alone (Lua), nothing settled',
  naive: 'one call, script and commit for each',
  sold_out: 'told that it is sold out',
  duplicate: 'told what was reserved before',
  confirm: 'confirmed',
  release: 'released',
  get_stock: 'GetStock, one call for each',
};

export function renderInventoryBench(result: InventoryBenchResult, paint: Paint): string {
  const { limit, inventory, growth } = result;
  return [
    '',
    ...machineLines(result, paint),
    '',
    heading(limit !== undefined, paint),
    ...limitLines(limit, paint),
    ...Object.entries(TITLES).flatMap(([name, title]) =>
      figureLines(title, inventory[name as keyof typeof TITLES], paint),
    ),
    '',
    ...bytesLines(inventory, paint),
    ...growth.flatMap((level) => [
      '',
      `  Beside ${n(level.skus)} SKUs and ${n(level.past_reservations)} past reservations:`,
      ...figureLines('reserved, over many SKUs', level.reserve_spread, paint),
      ...figureLines('reserved, one hot SKU', level.reserve_hot, paint),
      ...figureLines('confirmed', level.confirm, paint),
    ]),
    ...warnings(result, paint),
  ].join('\n');
}

function bytesLines({ redis_bytes: bytes }: InventoryFigures, paint: Paint): string[] {
  const { per_reservation: plain, per_reservation_with_user_limit: limited } = bytes;
  return [
    `  ${'bytes of Redis per live reservation'.padEnd(NAME_WIDTH)}${n(plain).padStart(9)}`,
    paint.dim(`    ${n(limited)} with a limit per user; ${n(bytes.reservations)} reservations`),
  ];
}
