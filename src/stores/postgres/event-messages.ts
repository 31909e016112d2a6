import type { EndingReason } from '../../session/ending.ts';
import type { SessionsEnded } from '../../live/session-events.ts';

/** What one node tells the others. */
export interface EventMessage {
  readonly from: string;
  readonly event: SessionsEnded;
}

/** `NOTIFY` carries fewer than 8,000 bytes. */
const MAX_BYTES = 7_999;

/** An event as the text of a notification. One that is too long says less, and is true of more. */
export function writeMessage(from: string, event: SessionsEnded): string {
  const text = JSON.stringify({ from, event });
  if (Buffer.byteLength(text) <= MAX_BYTES) return text;

  return writeMessage(from, { scope: 'all', reason: event.reason, actorId: null });
}

/** `null` for a text that is no message of this version. */
export function readMessage(text: string): EventMessage | null {
  try {
    const { from, event } = fieldsOf(JSON.parse(text));

    return { from: textOf(from), event: eventOf(fieldsOf(event)) };
  } catch {
    return null;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function eventOf({ scope, sessionId, userId, reason, actorId, endedAt }: Fields): SessionsEnded {
  const cause = {
    // Another version may know reasons that this one does not: the store is asked in any case.
    reason: textOf(reason) as EndingReason,
    actorId: actorId === null ? null : textOf(actorId),
  };

  switch (scope) {
    case 'session': {
      const at = new Date(textOf(endedAt));
      return { scope, sessionId: textOf(sessionId), userId: textOf(userId), ...cause, endedAt: at };
    }
    case 'user':
      return { scope, userId: textOf(userId), ...cause };
    case 'all':
      return { scope, ...cause };
    default:
      throw new TypeError('There is no such scope.');
  }
}

function fieldsOf(value: unknown): Fields {
  if (typeof value !== 'object' || value === null) throw new TypeError('An object is expected.');

  // Whatever an object has can be asked for by a name.
  return value as Fields;
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('A text is expected.');

  return value;
}
