// While buyers pay, the sandbox provider tells a tenth of its callbacks twice and loses a twentieth of
// those about charges: the ones that a real network doubles and loses. Whatever rules stood before are
// put back, so that a demo on a mesh that stays leaves it as it was.
import { z } from 'zod';

export interface CallbackCounts {
  /** Callbacks that there were to make. */
  readonly events: number;
  readonly duplicated: number;
  readonly lost: number;
  /** Of which charges. */
  readonly lostNumbers: readonly string[];
}

const DUPLICATED_SHARE = 0.1;
const LOST_SHARE = 0.05;

const ANSWER_MS_MAX = 2_000;

const count = z.int().min(0).default(0);
const reportSchema = z.object({
  seed: z.int(),
  rules: z.array(z.object({ hits: z.int() }).loose()),
  counts: z.object({ events: count, duplicate: count, lose: count }),
  lost: z.array(z.string()),
});
type Report = z.infer<typeof reportSchema>;

export interface CallbackFaults {
  counts(): Promise<CallbackCounts>;
  /** Puts the rules back that stood before. */
  end(): Promise<void>;
}

/** Undefined when the mesh has no sandbox that takes commands. */
export async function beginCallbackFaults(
  sandbox: string | undefined,
  seed: number,
): Promise<CallbackFaults | undefined> {
  if (sandbox === undefined) return undefined;
  const url = `${sandbox}/v1/faults`;
  const before = await ask(url);
  if (before === undefined) return undefined;
  const rules = [
    { fault: 'lose', rate: LOST_SHARE, of: 'charge' },
    { fault: 'duplicate', rate: DUPLICATED_SHARE },
  ];
  if ((await ask(url, { seed, rules })) === undefined) return undefined;
  return {
    async counts() {
      const { counts, lost } = (await ask(url)) ?? before;
      const { events, duplicate: duplicated, lose } = counts;
      return { events, duplicated, lost: lose, lostNumbers: lost };
    },
    async end() {
      await ask(url, { seed: before.seed, rules: before.rules.map(asCommand) });
    },
  };
}

/** Undefined for every answer but a good one: the demo goes on without. */
async function ask(url: string, plan?: object): Promise<Report | undefined> {
  try {
    const signal = AbortSignal.timeout(ANSWER_MS_MAX);
    const command = { method: 'PUT', body: JSON.stringify(plan) };
    const response = await fetch(url, { signal, ...(plan !== undefined && command) });
    const parsed = reportSchema.safeParse(await response.json());
    return response.ok ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

function asCommand({ hits: _hits, ...rule }: Report['rules'][number]): object {
  return rule;
}
