import type { EndingCause, EndingReason } from '../../../session/ending.ts';
import type { SessionEvent } from '../../../live/session-events.ts';

/** What one node tells the others. */
export interface EventMessage {
  readonly from: string;
  readonly event: SessionEvent;
}

/** `NOTIFY` carries fewer than 8,000 bytes. */
const MAX_BYTES = 7_999;

/** An event as the text of a notification. One that is too long says less, and is true of more. */
export function writeMessage(from: string, event: SessionEvent): string {
  const text = JSON.stringify({ from, event });
  if (Buffer.byteLength(text) <= MAX_BYTES) return text;

  const reason = 'reason' in event ? event.reason : 'cleared';
  return writeMessage(from, { type: 'all_sessions_ended', reason, actorId: null });
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

function eventOf({ type, sessionId, userId, endedAt, ...cause }: Fields): SessionEvent {
  switch (type) {
    case 'session_ended': {
      const at = new Date(textOf(endedAt));
      return {
        type,
        sessionId: textOf(sessionId),
        userId: textOf(userId),
        ...causeFrom(cause),
        endedAt: at,
      };
    }
    case 'user_sessions_ended':
      return { type, userId: textOf(userId), ...causeFrom(cause) };
    case 'all_sessions_ended':
      return { type, ...causeFrom(cause) };
    case 'session_moved':
      return { type, sessionId: textOf(sessionId) };
    default:
      throw new TypeError('There is no such event.');
  }
}

function causeFrom({ reason, actorId }: Fields): EndingCause {
  // Another version may know reasons that this one does not: the store is asked in any case.
  return { reason: textOf(reason) as EndingReason, actorId: actorId === null ? null : textOf(actorId) };
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
