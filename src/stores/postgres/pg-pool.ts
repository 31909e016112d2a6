/** A query as `pg` takes it. */
export interface PgQuery {
  readonly text: string;
  readonly values?: unknown[];
  /** Prepares the statement under this name, once for each connection. */
  readonly name?: string;
  /** Gives up waiting for the result after this long, in milliseconds. */
  readonly query_timeout?: number;
  /** How values of each type are read; else it is up to the host's settings. */
  readonly types?: {
    readonly getTypeParser: (oid: number) => (value: string | Uint8Array) => unknown;
  };
}

/** A client checked out of a {@link PgPool}. */
export interface PgClient {
  query(query: PgQuery): Promise<{ readonly rows: readonly unknown[] }>;
  /** Gives the client back; `true` destroys its connection instead. */
  release(destroy?: boolean): void;
  on?(event: 'error', listener: (error: Error) => void): unknown;
}

/** What is used of a `pg.Pool`. The host makes it, sizes it and ends it. */
export interface PgPool {
  connect(): Promise<PgClient>;
  on?(event: 'error', listener: (error: Error) => void): unknown;
  on?(event: 'connect', listener: (client: PgClient) => void): unknown;
}
