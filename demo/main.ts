import { startDemo } from './demo.ts';

const folder = process.argv[2] ?? `${import.meta.dirname}/data`;
const databaseUrl = process.env['DATABASE_URL'] || null;
const telnetPort = Number(process.env['PORT_TELNET'] ?? 4000);
const webPort = Number(process.env['PORT_WEB'] ?? 8080);

const starting = startDemo({ folder, databaseUrl, telnetPort, webPort });

// A start is not broken off: that could leave half a database behind.
const stop = (): void => void starting.then((demo) => demo.close());
process.once('SIGINT', stop).once('SIGTERM', stop);

try {
  const demo = await starting;

  console.log(`\
A small MUD on mud-auth. Its sessions are in ${databaseUrl === null ? folder : 'the database at DATABASE_URL'}.
  telnet    telnet 127.0.0.1 ${demo.telnetPort}
  browser   http://127.0.0.1:${demo.webPort}
  names     player, builder, admin, superuser
  password  the name and "-demo": player-demo
Log in here and there, then: play Pip, look, say hello, who, kick, help. Ctrl-C stops;
start it again, and whoever was logged in still is.`);
} catch (error) {
  const { code, port } = error as NodeJS.ErrnoException & { readonly port?: number };
  const isTaken = code === 'EADDRINUSE';
  console.error(isTaken ? `Port ${port} is taken: set PORT_TELNET, PORT_WEB; 0 is any that is free.` : error);
  process.exitCode = 1;
}
