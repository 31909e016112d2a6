/** A client that is not of a pool, as `new pg.Client(…)` makes it: not connected yet. */
export interface PgListenClient {
  connect(): Promise<unknown>;
  query(query: { readonly text: string; readonly values?: unknown[] }): Promise<unknown>;
  end(): Promise<void>;
  /** The way to a socket that has to be destroyed, where there is one. */
  readonly connection?: { readonly stream?: { destroy?(): unknown } };
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  on(event: 'notification', listener: (message: PgNotification) => void): unknown;
}

/** What a client hears on a channel that it listens to. */
export interface PgNotification {
  readonly channel: string;
  readonly payload?: string | undefined;
}
