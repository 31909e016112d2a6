import { AuthError, type EndingReason, InvalidSessionError } from 'mud-auth';

const MAX_LINE_LENGTH = 500;

const ENDINGS: Readonly<Record<EndingReason, string>> = {
  expired: 'Your session has expired.',
  logged_out: 'You have logged out.',
  replaced: 'A newer session has replaced this one.',
  taken_over: 'Somebody took over your character in another window.',
  kicked: 'You were kicked.',
  banned: 'Your account is disabled.',
  credentials_changed: 'Your password was changed.',
  cleared: 'All sessions were ended.',
  reuse_detected: 'A copy of the saved sign-in was used.',
  maintenance: 'The game is closed for maintenance.',
};

/** What a player is told about an error: one line, with the library's status and code in front. */
export function wordsFor(error: unknown): string {
  if (!(error instanceof AuthError)) return 'Something broke on our side; try again.';

  return `[${error.status} ${error.code}] ${wordsForAuth(error)}`;
}

function wordsForAuth(error: AuthError): string {
  if (error instanceof InvalidSessionError) {
    return error.reason === null ? 'You are not logged in.' : ENDINGS[error.reason];
  }

  switch (error.code) {
    case 'character_not_selected':
      return 'Choose a character first: play <name>';
    case 'character_not_available':
      return 'That character is gone, or its world is. Choose another: play <name>';
    case 'permission_denied':
      return `Your role may not do that. ${error.message}`;
    case 'user_not_available':
      return 'Your account is disabled.';
    case 'store_unavailable':
      return 'The database is away; try again.';
    default:
      return error.message;
  }
}

/**
 * Takes out of a player's line what others' terminals would obey: a telnet viewer obeys ESC, and
 * bidirectional controls turn the text around them.
 */
export function cleanLine(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '')
    .trim()
    .slice(0, MAX_LINE_LENGTH)
    .toWellFormed();
}
