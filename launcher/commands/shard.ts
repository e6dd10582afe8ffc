// shard: where the logical shards of a service live, and moving one to another server while orders are
// created. What makes that safe is in services/platform/mysql/shard-move.ts.
import { type Command, InvalidArgumentError } from 'commander';
import { SHARDS } from '../../services/platform/shard.js';
import { currentStatus, serverUrls } from '../mesh.js';
import { type MoveResult, runMove } from '../shards/run-move.js';
import { listShards, placesText } from '../shards/shard-list.js';
import { type ServiceServers, withServers } from '../shards/shard-servers.js';

/** Services whose every transaction locks the gates of what it writes. */
const MOVABLE = ['order'] as const;
type Movable = (typeof MOVABLE)[number];

interface Flags {
  service: Movable;
  databasePrefix: string;
  json?: true;
}

interface MoveFlags extends Flags {
  shard: number;
  to: string;
  abort?: true;
}

export function registerShard(program: Command): void {
  const shard = program
    .command('shard')
    .description('where the shards of a service live, and moving one to another server');
  common(shard.command('list'))
    .description('which server has which shard')
    .action((flags: Flags) => list(flags));
  common(shard.command('move'))
    .description('move a shard while it is read and written; repeat it when it was interrupted')
    .requiredOption('--shard <n>', `0 to ${SHARDS - 1}`, shardNumber)
    .requiredOption('--to <host:port>', 'a MySQL server of the mesh')
    .option('--abort', 'give up a move that has not taken the shard from its server yet')
    .addHelpText(
      'after',
      `
Examples:
  ./spillway shard list
  ./spillway shard move --service order --shard 7 --to 127.0.0.1:3307`,
    )
    .action((flags: MoveFlags) => move(flags));
}

function common(command: Command): Command {
  return command
    .option('--service <name>', 'whose shards', movable, 'order')
    .option('--database-prefix <prefix>', 'what the databases begin with', 'spillway_')
    .option('--json', 'print the answer as JSON, for machines');
}

async function list(flags: Flags): Promise<void> {
  const places = await withMesh(flags, listShards);
  const answer = { service: flags.service, shards: places };
  print(flags, answer, placesText(flags.service, places));
}

async function move(flags: MoveFlags): Promise<void> {
  const { service, shard, to } = flags;
  const request = { service, shard, to, abort: flags.abort === true };
  const result = await withMesh(flags, (opened) => runMove(opened, request));
  print(flags, result, moveText(result));
}

function moveText({ service, shard, to, aborted, rows, closed_ms }: MoveResult): string {
  if (aborted) return `Shard ${shard} of ${service} stays where it was; nothing of it is on ${to}.`;
  const took =
    rows === 0 ? '' : ` ${rows} rows; nothing of it could be written for ${closed_ms} ms.`;
  return `Shard ${shard} of ${service} lives on ${to}, and nowhere else.${took}`;
}

function withMesh<T>(flags: Flags, work: (opened: ServiceServers) => Promise<T>): Promise<T> {
  if (currentStatus().mysql.length === 0) {
    throw new Error('No mesh is up here, so there are no shards. Try: ./spillway up');
  }
  const database = `${flags.databasePrefix}${flags.service}`;
  return withServers({ mysqlUrls: serverUrls().mysql, database }, work);
}

function print(flags: Flags, answer: object, text: string): void {
  process.stdout.write(`${flags.json === true ? JSON.stringify(answer, null, 2) : text}\n`);
}

function movable(text: string): Movable {
  const found = MOVABLE.find((service) => service === text);
  if (found) return found;
  throw new InvalidArgumentError(
    `Only shards of ${MOVABLE.join(', ')} can be moved: the others do not lock gates yet.`,
  );
}

function shardNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= 0 && value < SHARDS) return value;
  throw new InvalidArgumentError(`Give a whole number from 0 to ${SHARDS - 1}.`);
}
