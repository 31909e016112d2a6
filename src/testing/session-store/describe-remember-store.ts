import { type Chapters, describeChapters, type StoreSuiteOptions } from './fixture.ts';
import { forgettingCases } from './forgetting-cases.ts';
import { rememberCases } from './remember-cases.ts';
import type { WithRemember } from './remember-fixture.ts';

const CHAPTERS: Chapters<WithRemember> = {
  'clients that are remembered': rememberCases,
  'clients that are forgotten': forgettingCases,
};

/**
 * Declares the conformance suite of the `RememberStore` port, as {@link describeSessionStore} does;
 * `open` also gives `remember`.
 */
export function describeRememberStore(name: string, options: StoreSuiteOptions<WithRemember>): void {
  describeChapters(`${name} is a RememberStore`, CHAPTERS, options);
}
