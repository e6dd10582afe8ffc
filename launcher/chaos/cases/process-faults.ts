// Inventory itself dies, freezes and thaws with old beliefs, restarts, or loses sight of the order
// service.

import { bites, type ChaosCase, rebased, repeat } from '../chaos-case.js';

const FROZEN_MS = 4_000;
/** A service promises to be gone within this after SIGTERM, under load. */
const STOP_MS_MAX = 10_000;

export const PROCESS_CASES: readonly ChaosCase[] = [
  {
    id: 'T-B6',
    part: 'PROCESS',
    story: 'kill -9 of each inventory process in turn, every 0.5 to 2 s',
    async inject(run) {
      const { services } = run.env;
      const nodes = services.inventories();
      for (let turn = 0; turn < nodes.length || run.leftMs() > 0; turn += 1) {
        await run.sleep(500 + run.random.below(1_500));
        const node = nodes[turn % nodes.length];
        if (node === undefined) return;
        await services.kill(node);
        run.mark(`${node.name} killed`);
        await services.start(node);
        run.mark(`${node.name} started again`);
      }
    },
    expects: (seen) => bites(seen, 'inventory-1 killed', 'inventory-2 killed'),
  },
  {
    id: 'T-B7',
    part: 'PROCESS',
    story: 'an inventory process is frozen for 4 s across a rebase, and thaws with old beliefs',
    async inject(run) {
      const { services } = run.env;
      const [node] = services.inventories();
      if (node === undefined) return;
      do {
        await run.sleep(400);
        services.pause(node);
        run.mark(`${node.name} frozen`);
        await run.sleep(500);
        await run.env.forgetRedis();
        run.mark('redis told: FLUSHALL');
        await run.sleep(FROZEN_MS - 500);
        services.resume(node);
        run.mark(`${node.name} thawed`);
      } while (run.leftMs() > FROZEN_MS);
    },
    expects: (seen) => [...bites(seen, 'inventory-1 thawed'), ...rebased(seen)],
  },
  {
    id: 'T-B8',
    part: 'PROCESS',
    story: 'rolling restart of inventory under load by SIGTERM, again and again',
    inject: (run) =>
      repeat(run, { timesMax: 10, timesMin: 2, pauseMs: 500, busyMs: 1_000 }, async (turn) => {
        const { services } = run.env;
        const nodes = services.inventories();
        const node = nodes[turn % nodes.length];
        if (node === undefined) return;
        const stopMs = await services.stop(node);
        run.mark(`${node.name} stopped`);
        if (stopMs > STOP_MS_MAX) run.mark(`slow stop: ${stopMs.toFixed(0)} ms`);
        await services.start(node);
        run.mark(`${node.name} started again`);
      }),
    expects: (seen) => [
      ...bites(seen, 'inventory-1 stopped', 'inventory-2 stopped'),
      ...(seen.marked('slow stop') > 0 ? [`a stop took longer than ${STOP_MS_MAX} ms`] : []),
    ],
  },
  {
    id: 'T-N1',
    part: 'PROCESS',
    story:
      'the order service is out of reach: first refused, then silent; holds wait, and then end',
    async inject(run) {
      const { order } = run.env.links;
      await run.sleep(run.windowMs * 0.1);
      order.refuse();
      run.mark('order refused');
      await run.sleep(run.windowMs * 0.3);
      order.pass();
      await run.sleep(run.windowMs * 0.1);
      order.hold();
      run.mark('order silent');
      await run.sleep(run.windowMs * 0.3);
      order.pass();
    },
    expects: (seen) => bites(seen, 'order refused', 'order silent'),
  },
];
