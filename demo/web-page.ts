import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';

const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-cache',
};

const FILES = new Map([
  ['/', file('index.html', 'text/html; charset=utf-8')],
  ['/client.js', file('client.js', 'text/javascript; charset=utf-8')],
  ['/style.css', file('style.css', 'text/css; charset=utf-8')],
]);

/** Serves the page, which is the same for everybody. */
export function servePage(request: IncomingMessage, response: ServerResponse): void {
  const found = FILES.get(request.url ?? '');
  if (found === undefined) {
    response
      .writeHead(404, { ...HEADERS, 'Content-Type': 'text/plain' })
      .end('There is only one page here: /\n');
    return;
  }

  response.writeHead(200, { ...HEADERS, 'Content-Type': found.type }).end(found.body);
}

function file(name: string, type: string): { readonly type: string; readonly body: Buffer } {
  return { type, body: readFileSync(new URL(`web/${name}`, import.meta.url)) };
}
