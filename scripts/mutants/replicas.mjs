// Bugs in reads from replicas: what an old copy of the books may answer.

const MYSQL = 'services/order/infra/mysql';

export const REPLICAS = [
  {
    name: 'replica-behind-believed',
    why: 'a buyer who has just paid or cancelled is shown the order as it was before',
    edits: [
      {
        file: `${MYSQL}/order-replicas.ts`,
        find: 'return order.version >= atLeastVersion && !takesTracking(order.state);',
        replace: 'return !takesTracking(order.state);',
      },
    ],
    killedBy: {
      file: `${MYSQL}/order-replicas.int.test.ts`,
      test: '^a replica that is held back: what it lacks comes from the primary$',
    },
    needs: 'servers',
  },
  {
    name: 'replica-epoch-not-compared',
    why: 'an order whose shard leaves and comes back while it is read is shown without lines',
    edits: [
      {
        file: `${MYSQL}/replica.ts`,
        find: 'before.get(gate.shard) === gate.epoch)',
        replace: 'before.has(gate.shard))',
      },
    ],
    killedBy: {
      file: `${MYSQL}/replica.test.ts`,
      test: '^while it is read, it moves away and comes back$',
    },
    needs: 'unit',
  },
];
