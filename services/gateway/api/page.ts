// The one page for people, read once at start. Its policy allows exactly the inline script and style
// it was shipped with, and requests to this origin alone.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { methodNotAllowed, send } from './reply.js';

export type PageHandler = (req: IncomingMessage, res: ServerResponse) => void;

export async function pageHandler(file: URL): Promise<PageHandler> {
  const html = await readFile(file);
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-length': html.length,
    'content-security-policy': policy(html.toString('utf8')),
    'cache-control': 'no-cache',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  };
  return (req, res) => {
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      send(res, methodNotAllowed('GET, HEAD'));
      return;
    }
    res.writeHead(200, headers);
    res.end(req.method === 'HEAD' ? undefined : html);
  };
}

function policy(html: string): string {
  return [
    "default-src 'none'",
    `script-src ${hashes(html, 'script')}`,
    `style-src ${hashes(html, 'style')}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function hashes(html: string, tag: 'script' | 'style'): string {
  const blocks = [...html.matchAll(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`, 'g'))];
  const digest = (text: string) => createHash('sha256').update(text).digest('base64');
  return blocks.map((block) => `'sha256-${digest(block[1] ?? '')}'`).join(' ') || "'none'";
}
