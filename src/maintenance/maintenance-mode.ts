import { Announcer } from '../session/announcer.ts';
import { requireFunction, requirePlainObject } from '../session/arguments.ts';
import { causeOf } from '../session/removal.ts';
import type { SessionService } from '../session/session-service.ts';
import { maintenanceOf, type StartMaintenanceOptions } from './maintenance-options.ts';
import type { Maintenance, MaintenanceStore } from './maintenance-store.ts';

/** What the maintenance mode is built from. */
export interface MaintenanceModeOptions {
  /** Whose sign-ins it is about. */
  readonly sessions: SessionService<string>;
  /** The store of these sessions. */
  readonly store: MaintenanceStore;
  /** Told when the end of sessions could not be told to everybody. Default: nobody is. */
  readonly onError?: (error: unknown) => void;
}

/** Closes the game to most on all nodes at once, on the host's own authority. */
export class MaintenanceMode {
  readonly #options: MaintenanceModeOptions;
  readonly #announcer: Announcer;

  /** @throws TypeError for settings that are unknown or impossible. */
  constructor(options: MaintenanceModeOptions) {
    requirePlainObject('The options of MaintenanceMode', options, ['sessions', 'store', 'onError']);
    const { sessions, store, onError } = options;
    if (typeof sessions?.checkSession !== 'function')
      throw new TypeError('sessions is required: your SessionService.');
    if (typeof store?.startMaintenance !== 'function')
      throw new TypeError('store is required: the store of your sessions.');
    if (onError !== undefined) requireFunction('onError', onError);

    this.#options = options;
    this.#announcer = new Announcer(sessions.events, onError);
  }

  /**
   * From its return on, nobody below the rank of `admit` signs in on any node: `createSession`
   * rejects with a `MaintenanceError`. Who is inside stays, unless `endSessions` is set; how many
   * sessions that ended. Called again, it changes what is said and who is admitted.
   *
   * @throws TypeError for a role that is not in the table, and what is not as it should be.
   */
  async start(options: StartMaintenanceOptions): Promise<number> {
    const { sessions, store } = this.#options;
    const { actorId } = causeOf(options.actorId === undefined ? {} : { actorId: options.actorId });
    const maintenance = maintenanceOf(options, actorId, sessions.roles);
    try {
      return await store.startMaintenance(maintenance);
    } finally {
      // Also when it failed: some may have been ended before. Who was not will not be closed.
      if (maintenance.endsSessions)
        this.#announcer.announce({ type: 'all_sessions_ended', reason: 'maintenance', actorId });
    }
  }

  /** Opens the game to all again; whether it was closed. */
  async end(): Promise<boolean> {
    return this.#options.store.endMaintenance();
  }

  /** Why the game is closed, and to whom it is not; `null` while it is open. */
  async current(): Promise<Maintenance | null> {
    return (await this.#options.store.findMaintenance())?.maintenance ?? null;
  }
}
