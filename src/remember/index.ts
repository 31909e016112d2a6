export {
  RememberService,
  type RedeemOptions,
  type Remembered,
  type SignedIn,
  type SignInOptions,
} from './remember-service.ts';
export type { RememberServiceOptions } from './remember-options.ts';

// The port, and the rules of the model that an implementation of it needs.
export type {
  FamilyEnd,
  NewRememberFamily,
  RedeemOutcome,
  Redemption,
  RememberFamily,
  RememberRecord,
  RememberStore,
} from './remember-store.ts';
export { endingWith, isFamilyOver, isWithinGrace } from './remember-family.ts';
export { FORGETTING_REASONS } from '../session/ending.ts';
