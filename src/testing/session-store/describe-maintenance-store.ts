import type { MaintenanceStore } from '../../maintenance/maintenance-store.ts';
import type { SessionStore } from '../../session/session-store.ts';
import { type Chapters, describeChapters, type StoreSuiteOptions } from './fixture.ts';
import { maintenanceCases } from './maintenance-cases.ts';

const CHAPTERS: Chapters<SessionStore & MaintenanceStore> = { 'a closed game': maintenanceCases };

/** Declares the conformance suite of the `MaintenanceStore` port, as {@link describeSessionStore} does. */
export function describeMaintenanceStore(
  name: string,
  options: StoreSuiteOptions<SessionStore & MaintenanceStore>,
): void {
  describeChapters(`${name} is a MaintenanceStore`, CHAPTERS, options);
}
