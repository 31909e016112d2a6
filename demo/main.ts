import { readArguments } from './arguments.ts';
import { type Demo, type DemoOptions, startDemo } from './demo.ts';
import type { NodePorts } from './node-process.ts';
import { runNodes } from './nodes.ts';

try {
  const { nodes, options } = readArguments(process.argv.slice(2), process.env);
  if (nodes > 1) await runNodes(nodes, options);
  else await runNode(options);
} catch (error) {
  const { code, port } = error as NodeJS.ErrnoException & { readonly port?: number };
  if (error instanceof RangeError) console.error(error.message);
  else if (code === 'EADDRINUSE')
    console.error(`Port ${port} is taken: set PORT_TELNET, PORT_WEB; 0 is any that is free.`);
  else console.error(error);
  process.exitCode = 1;
}

/** Runs the game in this process, alone or as one of several nodes. */
async function runNode(options: DemoOptions): Promise<void> {
  const starting = startDemo(options);

  let stopping: Promise<void> | null = null;
  const stop = (): void => void (stopping ??= stopWhenStarted(starting));
  // Perhaps more than once: Ctrl-C is for all processes in a terminal, and the one above tells it too.
  process.on('SIGINT', stop).on('SIGTERM', stop);
  process.on('disconnect', stop); // the one above is gone
  process.channel?.unref(); // by itself it keeps nothing running

  const { telnetPort, webPort } = await starting;
  const ports: NodePorts = { telnetPort, webPort };
  if (process.send === undefined) greet(options, ports);
  else if (process.connected) process.send(ports);
}

/** A start is not broken off: that could leave half a database behind. */
async function stopWhenStarted(starting: Promise<Demo>): Promise<void> {
  const demo = await starting.catch(() => null); // said elsewhere
  await demo?.close();
}

function greet({ databaseUrl, folder }: DemoOptions, { telnetPort, webPort }: NodePorts): void {
  console.log(`\
A small MUD on mud-auth. Its sessions are in ${databaseUrl === null ? folder : 'the database at DATABASE_URL'}.
  telnet    telnet 127.0.0.1 ${telnetPort}
  browser   http://127.0.0.1:${webPort}
  names     player, builder, admin, superuser
  password  the name and "-demo": player-demo
Log in here and there, then: play Pip, look, say hello, who, kick, help. Ctrl-C stops;
start it again, and whoever was logged in still is.`);
}
