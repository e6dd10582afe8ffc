// Prints a dashboard as Grafana reads it: rows of at most three panels, each a time series.

import type { Dashboard, Panel, Row } from './panel.js';

const COLUMNS = 24;
const PANEL_HEIGHT = 8;
const PER_LINE = 3;
/** Grafana 11's; newer ones migrate it when they load it. */
const SCHEMA_VERSION = 39;
const SOURCE = { type: 'prometheus', uid: '$datasource' };

export function dashboardJson(dashboard: Dashboard): string {
  const { uid, title } = dashboard;
  const model = {
    uid,
    title,
    tags: ['spillway'],
    editable: true,
    schemaVersion: SCHEMA_VERSION,
    time: { from: 'now-30m', to: 'now' },
    refresh: '10s',
    timezone: 'browser',
    templating: { list: [{ name: 'datasource', type: 'datasource', query: 'prometheus' }] },
    panels: layOut(dashboard.rows),
  };
  return `${JSON.stringify(model, null, 2)}\n`;
}

function layOut(rows: readonly Row[]): object[] {
  const panels: object[] = [];
  let y = 0;
  for (const row of rows) {
    const id = panels.length + 1;
    const gridPos = { x: 0, y, w: COLUMNS, h: 1 };
    panels.push({ id, type: 'row', title: row.title, collapsed: false, gridPos, panels: [] });
    y += 1;
    row.panels.forEach((panel, i) => {
      const w = COLUMNS / PER_LINE;
      const at = { x: (i % PER_LINE) * w, y: y + Math.floor(i / PER_LINE) * PANEL_HEIGHT };
      panels.push(panelJson(panel, panels.length + 1, { ...at, w, h: PANEL_HEIGHT }));
    });
    y += Math.ceil(row.panels.length / PER_LINE) * PANEL_HEIGHT;
  }
  return panels;
}

function panelJson(panel: Panel, id: number, gridPos: object): object {
  return {
    id,
    type: 'timeseries',
    title: panel.title,
    description: panel.hint ?? '',
    gridPos,
    datasource: SOURCE,
    fieldConfig: { defaults: { unit: panel.unit, min: 0 }, overrides: [] },
    options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } },
    targets: Object.entries(panel.lines).map(([legendFormat, expr], i) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + i),
      datasource: SOURCE,
      expr,
      legendFormat,
    })),
  };
}
