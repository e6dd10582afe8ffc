// Callbacks as a forger would post them: any bytes, any header, any number of times.
import { request } from 'node:http';
import { connect } from 'node:net';

export interface Posted {
  body?: string | Uint8Array;
  /** Undefined: no such header. Two: the header twice. */
  signature?: string | string[] | undefined;
  provider?: string;
  method?: string;
}

/** Status and reason; of what was taken, whether it was a duplicate. */
export function postCallback(origin: string, posted: Posted): Promise<string> {
  const { body = '', signature, provider = 'sandbox', method = 'POST' } = posted;
  const headers = {
    'content-type': 'application/json',
    ...(signature !== undefined && { 'spillway-signature': signature }),
  };
  return new Promise((resolve, reject) => {
    const sent = request(`${origin}/callbacks/${provider}`, { method, headers });
    sent.on('error', reject);
    sent.on('response', (response) => {
      response.setEncoding('utf8');
      let text = '';
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        const { error, duplicate } = JSON.parse(text) as { error?: string; duplicate?: boolean };
        resolve(`${response.statusCode} ${error ?? (duplicate ? 'duplicate' : '')}`.trim());
      });
    });
    sent.end(body);
  });
}

/** Promises a whole body, sends a part of it, and is gone. */
export async function hangUp(origin: string, body: string, signature: string): Promise<void> {
  const { hostname, port } = new URL(origin);
  const head = [
    'POST /callbacks/sandbox HTTP/1.1',
    `host: ${hostname}`,
    `content-length: ${body.length}`,
    `spillway-signature: ${signature}`,
  ];
  const socket = connect(Number(port), hostname);
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.write(`${head.join('\r\n')}\r\n\r\n${body.slice(0, 20)}`, () => resolve());
  });
  socket.destroy();
}
