import { type Chapters, describeChapters, type StoreSuiteOptions } from './fixture.ts';
import { linkCases } from './link-cases.ts';
import type { WithLinks } from './link-fixture.ts';
import { presenceCases } from './presence-cases.ts';

const CHAPTERS: Chapters<WithLinks> = {
  'nodes, and the links of sessions': linkCases,
  'who is there': presenceCases,
};

/**
 * Declares the conformance suite of the `LinkStore` port, as {@link describeSessionStore} does; `open`
 * also gives `links`.
 */
export function describeLinkStore(name: string, options: StoreSuiteOptions<WithLinks>): void {
  describeChapters(`${name} is a LinkStore`, CHAPTERS, options);
}
