// What a mover has to do next, decided from the gates of one shard alone: a mover that died is followed
// by another one at the same place.

import type { Gate } from './gate-rows.js';
import { isOwner } from './gate-rows.js';

export type MoveStep =
  /** Copy from the owner, then close it. */
  | { readonly step: 'COPY'; readonly source: Gate; readonly target: Gate }
  /** The source is closed: compare until nothing differs, then take the shard from it. */
  | { readonly step: 'SETTLE'; readonly source: Gate; readonly target: Gate }
  /** Nobody owns the shard: the target is whole and becomes the owner. */
  | { readonly step: 'OPEN'; readonly source: Gate; readonly target: Gate }
  /** The target owns it. */
  | { readonly step: 'CLEAN'; readonly target: Gate }
  | { readonly step: 'REFUSED'; readonly reason: string };

/** `gates` are those of one shard on every server; `to` is the name of the server it shall live on. */
export function nextMoveStep(gates: readonly Gate[], to: string): MoveStep {
  const target = gates.find((gate) => gate.server.name === to);
  if (!target) return { step: 'REFUSED', reason: `${to} has no gate for this shard` };
  const owner = gates.find(isOwner);
  if (!owner) return halfWay(gates, target);
  const elsewhere = gates.find((gate) => gate.state === 'RECEIVING' && gate !== target);
  if (elsewhere) return refused(elsewhere.server.name);
  if (owner === target) return { step: 'CLEAN', target };
  if (owner.state === 'OPEN') return { step: 'COPY', source: owner, target };
  if (owner.peer !== to || target.state !== 'RECEIVING') return refused(owner.peer);
  return { step: 'SETTLE', source: owner, target };
}

// Of the servers that once had it, the one that lost it last to this target says so.
function halfWay(gates: readonly Gate[], target: Gate): MoveStep {
  const receiving = gates.filter((gate) => gate.state === 'RECEIVING');
  const whole = receiving.find((gate) => takenFrom(gates, gate));
  const source = whole && takenFrom(gates, whole);
  if (whole !== target || !source) return refused(whole?.server.name ?? 'another server');
  return { step: 'OPEN', source, target };
}

function takenFrom(gates: readonly Gate[], receiving: Gate): Gate | undefined {
  const { name } = receiving.server;
  return gates.find(
    (gate) => gate.state === 'AWAY' && gate.peer === name && receiving.peer === gate.server.name,
  );
}

function refused(peer: string): MoveStep {
  const reason = `it is on its way to ${peer}: run that move again first, or give it up with --abort`;
  return { step: 'REFUSED', reason };
}
