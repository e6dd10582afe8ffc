// grpc.health.v1: SERVING means "send me calls". Starts as NOT_SERVING, so that a process which is
// still migrating or connecting gets none.
import type { ServerWritableStream } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import type { GrpcServer } from '../grpc/grpc-server.js';
import type { OpenStreams } from './open-streams.js';

export class Health {
  readonly #services = new Set(['']);
  readonly #implementation = new HealthImplementation({ '': 'NOT_SERVING' });
  #serving = false;

  /** Watchers never end by themselves, so they join the streams that a stopping server ends. */
  addTo(server: GrpcServer, open: OpenStreams): void {
    this.#implementation.addToServer({
      addService(service, { watch, ...rest }) {
        const endable = (call: ServerWritableStream<unknown, unknown>) => {
          const end = () => call.end();
          open.add(end);
          call.once('cancelled', () => open.delete(end));
          (watch as (c: typeof call) => void)(call);
        };
        server.addService(service, { ...rest, watch: endable });
      },
    });
  }

  /** A load balancer may ask for the process ('') or for one service of it. */
  addService(typeName: string): void {
    this.#services.add(typeName);
    this.setServing(this.#serving);
  }

  setServing(serving: boolean): void {
    this.#serving = serving;
    for (const name of this.#services) {
      this.#implementation.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
    }
  }
}
