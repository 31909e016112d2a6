import { vi } from 'vitest';
import type { Connection, ConnectionEnd, ExpiryWarning } from '../../src/live/index.ts';
import { LiveSessions, type LiveSessionsOptions } from '../../src/live/index.ts';
import { MaintenanceMode } from '../../src/maintenance/maintenance-mode.ts';
import type { Principal } from '../../src/session/principal.ts';
import { type Host, type HostOptions, openHost } from '../session/fixture.ts';

/** A connection that notes what it is told. */
export class NotedConnection implements Connection {
  readonly ends: ConnectionEnd[] = [];
  readonly warnings: ExpiryWarning[] = [];
  readonly changes: Principal[] = [];

  /** Why it was closed; fails if that was more than once. */
  get reason(): string | null {
    if (this.ends.length > 1) throw new Error(`It was closed ${this.ends.length} times.`);

    return this.ends[0]?.reason ?? null;
  }

  close(end: ConnectionEnd): void {
    this.ends.push(end);
  }

  expiresSoon(warning: ExpiryWarning): void {
    this.warnings.push(warning);
  }

  changed(principal: Principal): void {
    this.changes.push(principal);
  }
}

/** A host with one node. Its timers stand still until `pass` moves them, and the clock with them. */
export interface LiveHost extends Host {
  readonly live: LiveSessions;
  readonly maintenance: MaintenanceMode;
  /** What the host was told of as an error. */
  readonly errors: unknown[];
  pass(ms: number): Promise<void>;
}

export type LiveHostOptions = HostOptions & {
  readonly live?: Omit<Partial<LiveSessionsOptions>, 'sessions' | 'store'>;
};

/** To be called under fake timers. */
export function openLiveHost({ live: settings, ...options }: LiveHostOptions = {}): LiveHost {
  const errors: unknown[] = [];
  const onError = (error: unknown): void => void errors.push(error);
  const host = openHost({ onError, ...options });
  const maintenance = new MaintenanceMode({ sessions: host.service, store: host.closing, onError });
  const live = new LiveSessions({
    sessions: host.service,
    store: host.links,
    maintenance,
    onError,
    ...settings,
  });

  return {
    ...host,
    live,
    maintenance,
    errors,
    async pass(ms) {
      // In steps, for what is due on the way may look at the clock.
      for (let left = ms; left > 0; left -= STEP) {
        host.clock.advance(Math.min(left, STEP));
        await vi.advanceTimersByTimeAsync(Math.min(left, STEP));
      }
    },
  };
}

const STEP = 500;
