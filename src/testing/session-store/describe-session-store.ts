import { creatingCases } from './creating-cases.ts';
import { endingCases } from './ending-cases.ts';
import { type Chapters, describeChapters, type StoreSuiteOptions } from './fixture.ts';
import { listingCases } from './listing-cases.ts';
import { racingCases } from './racing-cases.ts';
import { readingCases } from './reading-cases.ts';
import { renewingCases } from './renewing-cases.ts';
import { seatCases } from './seat-cases.ts';
import { touchingCases } from './touching-cases.ts';

const CHAPTERS: Chapters = {
  createSession: creatingCases,
  'findSession and findEnding': readingCases,
  'touchSession and expireSession': touchingCases,
  renewSession: renewingCases,
  'selectCharacter and releaseCharacter': seatCases,
  'the ends of sessions': endingCases,
  'counts and lists': listingCases,
  'calls at the same time': racingCases,
};

/**
 * Declares the conformance suite of the `SessionStore` port for a store. The test runner is yours:
 * hand in its `describe` and `it`. Every case opens a store of its own.
 */
export function describeSessionStore(name: string, options: StoreSuiteOptions): void {
  describeChapters(`${name} is a SessionStore`, CHAPTERS, options);
}
