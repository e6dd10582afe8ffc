// The end of every script: k6's own numbers go to the launcher as JSON, which prints the summary.

import { config } from './config.ts';

export function handleSummary(data: object): Record<string, string> {
  return { [config.summaryFile]: JSON.stringify(data) };
}
