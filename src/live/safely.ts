/** Runs a host's function: what it throws goes to `onError`, and no further. */
export async function safely(
  call: () => Promise<void> | void,
  onError: (error: unknown) => void,
): Promise<void> {
  try {
    await call();
  } catch (error) {
    onError(error);
  }
}
