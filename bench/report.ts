import type { Standing } from './compare.ts';
import { figure, table } from './table.ts';

export function standingsTable(standings: readonly Standing[]): string {
  return table(
    ['', 'a second', 'p50 ms', 'p99 ms', 'client µs', 'server µs', 'statements', 'WAL bytes for 1,000'],
    standings.map((each) => [
      each.name,
      figure(each.perSecond),
      figure(each.p50),
      figure(each.p99),
      figure(each.clientCpuUs),
      each.serverCpuUs === null ? '' : figure(each.serverCpuUs),
      figure(each.statementsPerCheck),
      figure(each.walBytesPerThousand),
    ]),
  );
}

export function ratio(value: number | undefined): string {
  return (value ?? NaN).toFixed(2);
}

export function shown(ms: number | null): string {
  if (ms === null) return 'never';

  return ms === 0 ? 'at the next check' : `${figure(ms)} ms`;
}

/** The result page. */
export function pageOf(parts: readonly string[]): string {
  return [
    '# Performance, as measured',
    'Written by `npm run bench:full`. [Performance](performance.md) says how this was measured, and what it means. Absolute figures are those of one machine; the ratios travel.',
    ...parts,
    '',
  ].join('\n\n');
}
