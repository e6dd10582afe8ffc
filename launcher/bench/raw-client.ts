// A client that sends and receives bytes: what it costs is the call and nothing else.
import { type ChannelOptions, Client, credentials, type ServiceError } from '@grpc/grpc-js';

/** Longer than any answer under load; a call that takes longer fails the run. */
const CALL_MS_MAX = 10_000;
const OPTIONS: ChannelOptions = {
  // A call that is sent twice would be counted once.
  'grpc.enable_retries': 0,
  'grpc.enable_http_proxy': 0,
  'grpc.use_local_subchannel_pool': 1,
};

export class RawClient {
  readonly #client: Client;

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure(), OPTIONS);
  }

  call(path: string, request: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const deadline = Date.now() + CALL_MS_MAX;
      this.#client.makeUnaryRequest(path, same, same, request, { deadline }, (error, answer) => {
        if (error) reject(error);
        else resolve(answer ?? Buffer.alloc(0));
      });
    });
  }

  /** The message of the refusal that is expected; undefined when the call was not refused. */
  async refusal(path: string, request: Buffer): Promise<string | undefined> {
    try {
      await this.call(path, request);
      return undefined;
    } catch (error) {
      return (error as ServiceError).details;
    }
  }

  close(): void {
    this.#client.close();
  }
}

function same(bytes: Buffer): Buffer {
  return bytes;
}
