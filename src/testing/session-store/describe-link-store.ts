import type { LinkStore } from '../../live/link-store.ts';
import type { SessionStore } from '../../session/session-store.ts';
import { type Chapters, describeChapters, type StoreSuiteOptions } from './fixture.ts';
import { linkCases } from './link-cases.ts';
import { presenceCases } from './presence-cases.ts';

const CHAPTERS: Chapters<SessionStore & LinkStore> = {
  'nodes, and the links of sessions': linkCases,
  'who is there': presenceCases,
};

/** Declares the conformance suite of the `LinkStore` port, as {@link describeSessionStore} does. */
export function describeLinkStore(name: string, options: StoreSuiteOptions<SessionStore & LinkStore>): void {
  describeChapters(`${name} is a LinkStore`, CHAPTERS, options);
}
