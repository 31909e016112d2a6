import { AuthError, InvalidSessionError, type Principal, type SessionService } from 'mud-auth';
import { wordsFor } from './words.ts';

const MAX_REFUSALS = 3;

/** The client's end of a connection, whatever it is made of. */
export interface Screen {
  readonly clientType: 'telnet' | 'web';
  print(text: string): void;
  /** For clients that can keep a token: here it is, or `null` once it is worth nothing. */
  keepToken(token: string | null): void;
  close(): void;
}

/** Somebody at a screen; once logged in, the holder of a session's token. */
export class Player {
  readonly #screen: Screen;
  #token: string | null = null;
  #lastSeen: Principal | null = null;
  #refusals = 0;
  #isClosed = false;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  get clientType(): string {
    return this.#screen.clientType;
  }

  get token(): string | null {
    return this.#token;
  }

  /** Who this was when last looked at: to find connections by, never to decide by. */
  get lastSeen(): Principal | null {
    return this.#lastSeen;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** From now on this connection is in the session of the token. */
  enter(token: string, principal: Principal): void {
    this.#token = token;
    this.#lastSeen = principal;
    this.#screen.keepToken(token);
  }

  /** Looks whether the session still lives; tells the player if it does not, and only then. */
  async recheck(sessions: SessionService): Promise<void> {
    try {
      this.#lastSeen = await sessions.validateSession(this.#token, { touch: false });
    } catch (error) {
      if (error instanceof InvalidSessionError) this.explain(error);
    }
  }

  /** Says in words what went wrong. Where a session has ended, so does the connection. */
  explain(error: unknown): void {
    if (!(error instanceof AuthError)) console.error(error);
    this.print(wordsFor(error));
    if (error instanceof InvalidSessionError) this.leave();
  }

  /** Forgets a token that is worth nothing any more, and who was here with it goes. */
  leave(): void {
    if (this.#isClosed) return;

    this.#screen.keepToken(null);
    if (this.#token !== null) this.close();
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

  close(): void {
    this.#isClosed = true;
    this.#screen.close();
  }
}
