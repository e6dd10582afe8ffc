// Whether the demo has shown what it claims. Each sentence is a broken promise; none means success.
import type { DemoResult } from './demo-result.js';

export function brokenPromises(result: DemoResult): string[] {
  const broken: string[] = [];
  const { audit } = result;
  if (!audit.ok) {
    const count = audit.problems.length + audit.problems_left_out;
    broken.push(`The audit found ${count} ${count === 1 ? 'problem' : 'problems'}.`);
  }
  if (result.duplicates_unequal > 0) {
    broken.push(`${result.duplicates_unequal} duplicates were answered with another order.`);
  }
  if (result.duplicates_refused > 0) {
    broken.push(`${result.duplicates_refused} duplicates were refused although their order stood.`);
  }
  // Buyers without an answer may or may not have an order; nobody else may.
  const { accepted, failed, orders_in_mysql: orders } = result;
  if (orders < accepted || orders > accepted + failed) {
    broken.push(`Buyers hold ${accepted} orders, but MySQL has ${orders}.`);
  }
  if (result.units_promised !== result.units_moved) {
    const { units_promised: promised, units_moved: moved } = result;
    broken.push(`Orders are worth ${promised} units, but ${moved} units have moved.`);
  }
  const { lost = 0, found_by_asking: found = 0 } = result.callbacks ?? {};
  if (found < lost)
    broken.push(`${lost} callbacks were lost, but only ${found} charges were found.`);
  const { hot } = result;
  if (hot.demand > hot.units && hot.sold !== hot.units) {
    broken.push(`The hot SKU sold ${hot.sold} of ${hot.units} units although more were wanted.`);
  }
  if (result.oversold > 0) broken.push(`${result.oversold} units are oversold.`);
  return broken;
}
