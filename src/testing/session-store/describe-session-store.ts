import { creatingCases } from './creating-cases.ts';
import { endingCases } from './ending-cases.ts';
import { type DeclareCase, type SessionStoreSuiteOptions, withFixture } from './fixture.ts';
import { linkCases } from './link-cases.ts';
import { listingCases } from './listing-cases.ts';
import { maintenanceCases } from './maintenance-cases.ts';
import { presenceCases } from './presence-cases.ts';
import { racingCases } from './racing-cases.ts';
import { readingCases } from './reading-cases.ts';
import { seatCases } from './seat-cases.ts';
import { touchingCases } from './touching-cases.ts';

const CHAPTERS: Readonly<Record<string, (it: DeclareCase) => void>> = {
  createSession: creatingCases,
  'findSession and findEnding': readingCases,
  'touchSession and expireSession': touchingCases,
  'selectCharacter and releaseCharacter': seatCases,
  'the ends of sessions': endingCases,
  'counts and lists': listingCases,
  'nodes, and the links of sessions': linkCases,
  'who is there': presenceCases,
  'a closed game': maintenanceCases,
  'calls at the same time': racingCases,
};

/**
 * Declares the conformance suite of the `SessionStore` port for a store. The test runner is yours:
 * hand in its `describe` and `it`. Every case opens a store of its own.
 */
export function describeSessionStore(name: string, options: SessionStoreSuiteOptions): void {
  options.describe(`${name} is a SessionStore`, () => {
    for (const [title, declareCases] of Object.entries(CHAPTERS)) {
      options.describe(title, () => {
        declareCases((sentence, body) => {
          options.it(sentence, () => withFixture(options, body));
        });
      });
    }
  });
}
