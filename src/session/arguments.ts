/** @throws TypeError if the value is not a string. The value itself is not in the message. */
export function requireString(name: string, value: unknown): void {
  if (typeof value !== 'string') throw new TypeError(`${name} must be a string, as in String(user.id).`);
}
