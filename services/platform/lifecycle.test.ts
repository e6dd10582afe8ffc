import { EventEmitter } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { ConfigError } from './config.js';
import { Lifecycle } from './lifecycle.js';

// A process that records what would have ended it.
class FakeProcess extends EventEmitter {
  readonly exits: number[] = [];
  readonly printed: string[] = [];
  readonly stderr = { write: (text: string) => this.printed.push(text) };
  exit(code: number): void {
    this.exits.push(code);
  }
}

function starting(stopMsMax = 1_000) {
  const fake = new FakeProcess();
  const log = pino({ level: 'silent' });
  const lifecycle = new Lifecycle({ log, stopMsMax, process: fake });
  const stopped: string[] = [];
  const onStop = (name: string) =>
    lifecycle.onStop(name, async () => {
      await turn();
      stopped.push(name);
    });
  return { fake, lifecycle, stopped, onStop };
}

describe('stop', () => {
  test.each(['SIGTERM', 'SIGINT'])('%s stops in reverse order and exits 0', async (signal) => {
    const { fake, lifecycle, stopped, onStop } = starting();
    await lifecycle.run(async () => ['pool', 'relay', 'server'].forEach(onStop));
    expect(fake.exits).toEqual([]);
    fake.emit(signal);
    await settled(fake);
    expect(stopped).toEqual(['server', 'relay', 'pool']);
    expect(fake.exits).toEqual([0]);
  });

  test('one that fails does not keep the others; the exit code tells', async () => {
    const { fake, lifecycle, stopped, onStop } = starting();
    await lifecycle.run(async () => {
      onStop('pool');
      lifecycle.onStop('broken', () => Promise.reject(new Error('broken')));
      onStop('server');
    });
    fake.emit('SIGTERM');
    await settled(fake);
    expect(stopped).toEqual(['server', 'pool']);
    expect(fake.exits).toEqual([1]);
  });

  test('a second signal exits at once', async () => {
    const { fake, lifecycle } = starting();
    await lifecycle.run(async () => lifecycle.onStop('hangs', () => new Promise(() => undefined)));
    fake.emit('SIGTERM');
    expect(fake.exits).toEqual([]);
    fake.emit('SIGTERM');
    expect(fake.exits).toEqual([1]);
  });

  test('stopping is bounded in time', async () => {
    const { fake, lifecycle } = starting(20);
    await lifecycle.run(async () => lifecycle.onStop('hangs', () => new Promise(() => undefined)));
    fake.emit('SIGTERM');
    await settled(fake);
    expect(fake.exits).toEqual([1]);
  });

  test('a signal during the start stops what was started, and is no failure', async () => {
    const { fake, lifecycle, stopped, onStop } = starting();
    await lifecycle.run(async () => {
      onStop('pool');
      fake.emit('SIGTERM');
      await turn();
      throw new Error('pool is closed');
    });
    await settled(fake);
    expect(stopped).toEqual(['pool']);
    expect(fake.exits).toEqual([0]);
  });
});

describe('failures', () => {
  test('a wrong configuration prints its problems alone and exits 2', async () => {
    const { fake, lifecycle } = starting();
    await lifecycle.run(() =>
      Promise.reject(new ConfigError('LISTEN: missing\nREDIS_URL: missing')),
    );
    expect(fake.printed).toEqual(['LISTEN: missing\nREDIS_URL: missing\n']);
    expect(fake.exits).toEqual([2]);
  });

  test('another failure stops what was started and exits 1', async () => {
    const { fake, lifecycle, stopped, onStop } = starting();
    await lifecycle.run(async () => {
      onStop('pool');
      throw new Error('port in use');
    });
    expect(stopped).toEqual(['pool']);
    expect(fake.exits).toEqual([1]);
  });

  test.each(['uncaughtException', 'unhandledRejection'])('%s exits 1 at once', async (event) => {
    const { fake, lifecycle, stopped, onStop } = starting();
    await lifecycle.run(async () => onStop('pool'));
    fake.emit(event, new Error('bug'));
    expect(fake.exits).toEqual([1]);
    expect(stopped).toEqual([]);
  });
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function settled(fake: FakeProcess): Promise<void> {
  for (let i = 0; i < 500 && fake.exits.length === 0; i++) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
