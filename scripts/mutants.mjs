// The mutation self-test, `npm run mutants`: each bug of the tables in scripts/mutants/ is put into a
// private copy of the tree, and the test that is named beside it must fail there. A bug that survives
// says that a rule is held by nobody; one whose text is gone says that the table is out of date.
//
//   node scripts/mutants.mjs [--only NAME]... [--list] [--json FILE]
//
// Two at a time, of which one uses the real servers: bugs that share a Redis would see each other.
// Without servers in the environment it starts its own. FILE gets {"mutants":[{"name","outcome"}]}.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MUTANTS } from './mutants/table.mjs';
import { endTests, runTests } from './mutants/test-run.mjs';
import { editProblems, makeWorkspace, ROOT, removeWorkspaces } from './mutants/workspace.mjs';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    list: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});

process.on('exit', removeWorkspaces);
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
]) {
  process.once(signal, () => {
    endTests();
    process.exit(code);
  });
}
process.exitCode = await main();

async function main() {
  const unknown = options.only.filter((name) => !MUTANTS.some((mutant) => mutant.name === name));
  if (unknown.length > 0) return refuse([`no such mutant: ${unknown.join(', ')}`]);
  const chosen = MUTANTS.filter(
    ({ name }) => options.only.length === 0 || options.only.includes(name),
  );
  if (options.list) {
    for (const { name, needs, why } of chosen)
      console.log(`${name.padEnd(36)} ${needs.padEnd(8)} ${why}`);
    return 0;
  }
  const problems = editProblems(chosen);
  if (problems.length > 0) return refuse(problems);
  const withoutServers = chosen.some(needsServers) && process.env.TEST_REDIS === undefined;
  return withoutServers ? startServers() : judgeAll(chosen);
}

function refuse(problems) {
  for (const problem of problems) console.error(problem);
  report(problems.map((problem) => ({ name: problem, outcome: 'UNUSABLE' })));
  return 1;
}

/** This very program again, with servers of its own around it. */
function startServers() {
  const command = [process.execPath, ...process.argv.slice(1)];
  const run = spawnSync(join(ROOT, 'spillway'), ['with-servers', '--', ...command], {
    stdio: 'inherit',
  });
  return run.status ?? 1;
}

async function judgeAll(chosen) {
  const startMs = performance.now();
  const [withServers, alone] = [
    chosen.filter(needsServers),
    chosen.filter((m) => !needsServers(m)),
  ];
  const results = [];
  const worker = async (queues) => {
    const workspace = makeWorkspace();
    for (const queue of queues) {
      // Both workers may come to the same queue; whoever is first sees that its tests pass as they are.
      queue.passing ??= passing(workspace, queue.mutants);
      const sound = await queue.passing;
      for (let mutant = queue.mutants.shift(); mutant; mutant = queue.mutants.shift()) {
        results.push(await judge(workspace, mutant, sound));
      }
    }
  };
  const queues = { servers: { mutants: withServers }, alone: { mutants: alone } };
  await Promise.all([worker([queues.servers, queues.alone]), worker([queues.alone])]);
  report(results);
  const killed = results.filter((result) => result.outcome === 'KILLED').length;
  const seconds = Math.round((performance.now() - startMs) / 1000);
  console.log(`${killed} of ${results.length} mutants killed in ${seconds} s`);
  return killed === results.length ? 0 : 1;
}

/** The full names of the named tests that pass on the unchanged copy. */
async function passing(workspace, mutants) {
  if (mutants.length === 0) return [];
  const run = await runTests(workspace, {
    files: [...new Set(mutants.map((mutant) => mutant.killedBy.file))],
    tests: mutants.map((mutant) => mutant.killedBy.test),
  });
  return run.tests.filter((test) => test.passed);
}

async function judge(workspace, mutant, sound) {
  const startMs = performance.now();
  const { outcome, note } = await tryKill(workspace, mutant, sound);
  const seconds = (performance.now() - startMs) / 1000;
  const word = outcome === 'KILLED' ? 'killed  ' : outcome;
  console.log(`${word}  ${mutant.name.padEnd(36)} ${seconds.toFixed(1).padStart(5)} s  ${note}`);
  return { name: mutant.name, outcome };
}

async function tryKill(workspace, mutant, sound) {
  const { file, test } = mutant.killedBy;
  const named = new RegExp(test);
  if (!sound.some((one) => one.file === file && named.test(one.name))) {
    return {
      outcome: 'UNUSABLE',
      note: `no test of ${file} that matches /${test}/ passes without it`,
    };
  }
  const restore = workspace.apply(mutant.edits);
  try {
    const run = await runTests(workspace, { files: [file], tests: [test] });
    if (run.broken !== undefined) return { outcome: 'UNUSABLE', note: run.broken };
    const killer = run.tests.find((one) => !one.passed);
    if (killer === undefined) return { outcome: 'SURVIVED', note: mutant.why };
    return { outcome: 'KILLED', note: killer.name };
  } finally {
    restore();
  }
}

function needsServers(mutant) {
  return mutant.needs === 'servers';
}

function report(mutants) {
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ mutants })}\n`);
}
