import { sessions } from './0001-sessions.ts';
import { links } from './0002-links.ts';
import { maintenance } from './0003-maintenance.ts';
import { remember } from './0004-remember.ts';
import type { Migration } from './migration.ts';

/** All steps, in order. */
export const migrations: readonly Migration[] = [sessions, links, maintenance, remember];
