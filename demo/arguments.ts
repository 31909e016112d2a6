import { parseArgs } from 'node:util';
import type { DemoOptions } from './demo.ts';

/** What the demo was started with. */
export interface Arguments {
  /** How many processes play the game. */
  readonly nodes: number;
  readonly options: DemoOptions;
}

const USAGE = 'Usage: npm run demo -- [--nodes <how many>] [<folder for the data>]';

/**
 * Reads the command line and the environment.
 *
 * @throws RangeError with a line for whoever typed it.
 */
export function readArguments(args: readonly string[], env: NodeJS.ProcessEnv): Arguments {
  const { values, positionals } = parse(args);
  const nodes = Number(values.nodes);
  if (!Number.isInteger(nodes) || nodes < 1) throw new RangeError('--nodes takes a whole number from 1.');
  if (positionals.length > 1) throw new RangeError(USAGE);
  const leaseMs = env['NODE_LEASE_MS'];

  return {
    nodes,
    options: {
      folder: positionals[0] ?? `${import.meta.dirname}/data`,
      databaseUrl: env['DATABASE_URL'] || null,
      rememberKey: env['REMEMBER_KEY'] ?? null,
      telnetPort: Number(env['PORT_TELNET'] ?? 4000),
      webPort: Number(env['PORT_WEB'] ?? 8080),
      ...(leaseMs !== undefined && { nodeLeaseMs: Number(leaseMs) }),
    },
  };
}

function parse(args: readonly string[]): ReturnType<typeof parseArgs<typeof CONFIG>> {
  try {
    return parseArgs({ ...CONFIG, args: [...args] });
  } catch (cause) {
    throw new RangeError(USAGE, { cause });
  }
}

const CONFIG = { options: { nodes: { type: 'string', default: '1' } }, allowPositionals: true } as const;
