import type { MaintenanceMode } from '../../src/live/index.ts';
import { MaintenanceMode as Mode } from '../../src/maintenance/maintenance-mode.ts';
import { RememberService, type RememberServiceOptions } from '../../src/remember/index.ts';
import { type Host, type HostOptions, openHost } from '../session/fixture.ts';

const KEY = 'a key of at least thirty-two bytes, for tests';

/** A host that remembers its clients. */
export interface RememberingHost extends Host {
  readonly remember: RememberService;
  readonly mode: MaintenanceMode;
  /** What the host was told of as an error. */
  readonly errors: unknown[];
}

export type RememberingHostOptions = HostOptions & {
  readonly remember?: Omit<Partial<RememberServiceOptions>, 'sessions' | 'store'>;
};

export function openRemembering({ remember, ...options }: RememberingHostOptions = {}): RememberingHost {
  const errors: unknown[] = [];
  const onError = (error: unknown): void => void errors.push(error);
  const host = openHost({ onError, ...options });
  const settings = { sessions: host.service, store: host.families, key: KEY, onError, ...remember };

  return {
    ...host,
    errors,
    remember: new RememberService(settings),
    mode: new Mode({ sessions: host.service, store: host.closing }),
  };
}
