/** Told of what nobody waits for. */
export type OnError = (error: unknown) => void;

/** A host's `onError`, or none, so that what it throws itself does no harm. */
export function quietly(onError: OnError | undefined): OnError {
  return (error) => {
    try {
      onError?.(error);
    } catch {
      // There is nobody left to tell.
    }
  };
}

/** Runs a host's function: what it throws goes to `onError`, and no further. */
export async function safely(call: () => Promise<void> | void, onError: OnError): Promise<void> {
  try {
    await call();
  } catch (error) {
    onError(error);
  }
}
