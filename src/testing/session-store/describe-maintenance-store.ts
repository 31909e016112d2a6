import { type Chapters, describeChapters, type StoreSuiteOptions } from './fixture.ts';
import { maintenanceCases, type WithMaintenance } from './maintenance-cases.ts';

const CHAPTERS: Chapters<WithMaintenance> = { 'a closed game': maintenanceCases };

/**
 * Declares the conformance suite of the `MaintenanceStore` port, as {@link describeSessionStore} does;
 * `open` also gives `maintenance`.
 */
export function describeMaintenanceStore(name: string, options: StoreSuiteOptions<WithMaintenance>): void {
  describeChapters(`${name} is a MaintenanceStore`, CHAPTERS, options);
}
