import { AuthError, InvalidSessionError } from 'mud-auth';
import type { Attachment, Connection, ConnectionEnd, ExpiryWarning } from 'mud-auth/live';
import { FORGETTING_REASONS } from 'mud-auth/remember';
import { wordsFor } from './words.ts';

const MAX_REFUSALS = 3;

/** The client's end of a connection, whatever it is made of. */
export interface Screen {
  readonly clientType: 'telnet' | 'web';
  print(text: string): void;
  /** For clients that can keep a token: here it is, or `null` once it is worth nothing. */
  keepToken(token: string | null): void;
  /** The same for a remember token. */
  keepRememberToken(token: string | null): void;
  /** For clients that come back by themselves: whether they should not, since the player is elsewhere. */
  close(isElsewhere: boolean): void;
}

/** Somebody at a screen; once logged in, a connection that hangs off a session. */
export class Player implements Connection {
  readonly #screen: Screen;
  #token: string | null = null;
  #attachment: Attachment | null = null;
  #refusals = 0;
  #isClosed = false;
  /** What this connection plays: to find it by, never to decide by. */
  characterId: string | null = null;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  get clientType(): string {
    return this.#screen.clientType;
  }

  get token(): string | null {
    return this.#token;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** From now on this connection hangs off the session of the token. */
  enter(token: string, attachment: Attachment): void {
    this.#token = token;
    this.#attachment = attachment;
    this.#screen.keepToken(token);
  }

  /** What the client may come back with when its session is over. */
  keepRememberToken(token: string | null): void {
    if (!this.#isClosed) this.#screen.keepRememberToken(token);
  }

  /** The connection is gone. The session stays, and keeps its character for a while. */
  detach(): void {
    this.#attachment?.detach();
  }

  /** The session has ended, or this connection has to go all the same. The library calls this. */
  close({ reason, message }: Partial<ConnectionEnd> = {}): void {
    if (this.#isClosed) return;

    if (message !== undefined) this.print(message);
    const isOver = reason !== undefined && !OPEN_ENDS.has(reason);
    if (isOver) this.#screen.keepToken(null);
    if (FORGETTING.has(reason)) this.#screen.keepRememberToken(null);
    this.#isClosed = true;
    this.#screen.close(reason === 'reconnected');
  }

  /** The library calls this two minutes ahead. */
  expiresSoon({ deadline }: ExpiryWarning): void {
    this.print(
      deadline === 'idle'
        ? 'Are you still there? Do something, or you will be logged out.'
        : 'Your time is nearly up.',
    );
  }

  /** Says in words what went wrong. Where a session has ended, so does the connection. */
  explain(error: unknown): void {
    if (!(error instanceof AuthError)) console.error(error);
    this.print(wordsFor(error));
    if (!(error instanceof InvalidSessionError)) return;

    if (this.#token === null) this.#screen.keepToken(null);
    else this.close({ reason: error.reason ?? 'invalid' });
  }

  /** Turns away who gave a wrong name or password; the third time for good. */
  refuse(): void {
    this.#refusals += 1;
    this.print('Wrong name or password.');
    if (this.#refusals === MAX_REFUSALS) this.close();
  }

  print(text: string): void {
    if (!this.#isClosed) this.#screen.print(text);
  }
}

/** After these the client is not remembered any more. */
const FORGETTING: ReadonlySet<string | undefined> = new Set(FORGETTING_REASONS);

/** After these the token is as good as before. */
const OPEN_ENDS: ReadonlySet<string> = new Set(['offline', 'reconnected', 'shutdown']);
