// What the processes of a mesh are told about tracing. One in a hundred calls is recorded, and each
// second the first of each method, so that whoever tries one call finds its trace; a busy mesh pays for
// little more than its hundredth. The environment has the last word.
import path from 'node:path';
import type { Home } from './paths.js';

const DEFAULTS = {
  OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
  OTEL_TRACES_SAMPLER_ARG: '0.01',
  TRACE_FIRST_PER_SECOND: 'on',
};

export function traceEnv(
  home: Home,
  processName: string,
  o: { tracesTo?: string | undefined; env?: NodeJS.ProcessEnv } = {},
): Record<string, string> {
  const { tracesTo, env = process.env } = o;
  const wanted: Record<string, string> = {
    ...DEFAULTS,
    TRACE_FILE: path.join(home.traceDir, `${processName}.jsonl`),
    ...(tracesTo !== undefined && { OTEL_EXPORTER_OTLP_ENDPOINT: tracesTo }),
  };
  for (const name of Object.keys(wanted)) {
    const given = env[name];
    // An endpoint on the command line is meant for this mesh; one in the environment for all.
    const stays = name === 'OTEL_EXPORTER_OTLP_ENDPOINT' && tracesTo !== undefined;
    if (given !== undefined && given !== '' && !stays) wanted[name] = given;
  }
  return wanted;
}
