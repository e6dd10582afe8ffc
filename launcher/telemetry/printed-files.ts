// Every file that is printed from the catalogue, the alerts and the dashboards, by its path.

import { rulesFile, ruleTestsFile } from './alert-files.js';
import { dashboardJson } from './dashboard-json.js';
import { GOLDEN_DASHBOARD } from './golden-dashboard.js';
import { metricsPage } from './metrics-page.js';
import { ORDER_DASHBOARD, STOCK_DASHBOARD } from './shop-dashboards.js';
import { STORE_DASHBOARD } from './store-dashboard.js';

export const DASHBOARDS = [GOLDEN_DASHBOARD, STOCK_DASHBOARD, ORDER_DASHBOARD, STORE_DASHBOARD];

export function printedFiles(): Record<string, string> {
  const dashboards = DASHBOARDS.map((dashboard) => [
    `deploy/grafana/${dashboard.uid}.json`,
    dashboardJson(dashboard),
  ]);
  return {
    'docs/metrics.md': metricsPage(),
    'deploy/prometheus/rules.yml': rulesFile(),
    'deploy/prometheus/rules.test.yml': ruleTestsFile(),
    ...Object.fromEntries(dashboards),
  };
}
