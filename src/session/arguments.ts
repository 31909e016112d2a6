/** @throws TypeError if the value is not a string. The value itself is not in the message. */
export function requireString(name: string, value: unknown): void {
  if (typeof value !== 'string') throw new TypeError(`${name} must be a string, as in String(user.id).`);
}

/** @throws TypeError if the value is not `true` or `false`. */
export function requireBoolean(name: string, value: unknown): void {
  if (typeof value !== 'boolean') throw new TypeError(`${name} must be true or false.`);
}

/** @throws TypeError if the value is not a whole number from 1. */
export function requireCount(name: string, value: unknown): void {
  if (!Number.isSafeInteger(value) || Number(value) < 1)
    throw new TypeError(`${name} must be a whole number from 1.`);
}

/** @throws TypeError if the value is not a function. */
export function requireFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw new TypeError(`${name} must be a function.`);
}

/**
 * Settings that would be passed over are worse than refused ones: a `Map` has no keys of its own.
 *
 * @throws TypeError if the value is not a plain object, or has other keys than those.
 */
export function requirePlainObject(
  name: string,
  value: unknown,
  keys: readonly string[] | null = null,
): void {
  const prototype: unknown =
    typeof value === 'object' && value !== null ? Object.getPrototypeOf(value) : undefined;
  if (prototype !== Object.prototype && prototype !== null)
    throw new TypeError(`${name} must be a plain object.`);

  const unknown = keys && Object.keys(Object(value)).find((key) => !keys.includes(key));
  if (typeof unknown === 'string') throw new TypeError(`${name}: there is no setting "${unknown}".`);
}
