import { parseArgs } from 'node:util';
import { startDemo } from './demo.ts';
import { runNodes } from './nodes.ts';

const { values, positionals } = parseArgs({
  options: { nodes: { type: 'string', default: '1' } },
  allowPositionals: true,
});
const folder = positionals[0] ?? `${import.meta.dirname}/data`;
const databaseUrl = process.env['DATABASE_URL'] || null;
const telnetPort = Number(process.env['PORT_TELNET'] ?? 4000);
const webPort = Number(process.env['PORT_WEB'] ?? 8080);
const nodes = Number(values.nodes);

try {
  if (!Number.isInteger(nodes) || nodes < 1) throw new RangeError('--nodes takes a whole number from 1.');
  if (nodes > 1) await runNodes(nodes, { databaseUrl, telnetPort, webPort });
  else await runAlone();
} catch (error) {
  const { code, port } = error as NodeJS.ErrnoException & { readonly port?: number };
  if (error instanceof RangeError) console.error(error.message);
  else if (code === 'EADDRINUSE')
    console.error(`Port ${port} is taken: set PORT_TELNET, PORT_WEB; 0 is any that is free.`);
  else console.error(error);
  process.exitCode = 1;
}

async function runAlone(): Promise<void> {
  const leaseMs = process.env['NODE_LEASE_MS'];
  const starting = startDemo({
    folder,
    databaseUrl,
    telnetPort,
    webPort,
    ...(leaseMs !== undefined && { nodeLeaseMs: Number(leaseMs) }),
  });

  // A start is not broken off: that could leave half a database behind.
  let stopping: Promise<void> | null = null;
  const stop = (): void => {
    stopping ??= starting.then((demo) => demo.close()).then(() => process.channel?.unref()); // or it would wait for news of the process that started it
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);

  const demo = await starting;
  if (process.send !== undefined) {
    process.send({ telnetPort: demo.telnetPort, webPort: demo.webPort });
    process.once('disconnect', stop);
    return;
  }

  console.log(`\
A small MUD on mud-auth. Its sessions are in ${databaseUrl === null ? folder : 'the database at DATABASE_URL'}.
  telnet    telnet 127.0.0.1 ${demo.telnetPort}
  browser   http://127.0.0.1:${demo.webPort}
  names     player, builder, admin, superuser
  password  the name and "-demo": player-demo
Log in here and there, then: play Pip, look, say hello, who, kick, help. Ctrl-C stops;
start it again, and whoever was logged in still is.`);
}
