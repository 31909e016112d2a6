import { describe, expectTypeOf, it } from 'vitest';
import {
  type ActiveCharacter,
  type CreatedSession,
  defineRoles,
  type EndingReason,
  type GamePrincipal,
  type InvalidSessionError,
  type MudPermission,
  type Principal,
  type RemovalReason,
  type RemoveOptions,
  type RoleTable,
  type SessionPolicyOptions,
  SessionService,
  type SessionStore,
  type TokenInput,
  type UsernameAndRole,
} from '../../src/index.ts';

type MethodOf<Name extends keyof SessionService> = SessionService[Name];

declare const store: SessionStore;
declare const ship: RoleTable<'row' | 'sail'>;
declare const token: string;

const service = new SessionService({ store });

describe('SessionService', () => {
  it('needs a store', () => {
    expectTypeOf(SessionService).toBeConstructibleWith({ store });
    // @ts-expect-error -- where do sessions live?
    expectTypeOf(SessionService).toBeConstructibleWith({});
  });

  it('knows the permissions of a MUD by default', () => {
    expectTypeOf(service).toEqualTypeOf<SessionService>();
  });

  it('infers the permissions of the roles of the host', () => {
    expectTypeOf(new SessionService({ store, roles: ship })).toEqualTypeOf<SessionService<'row' | 'sail'>>();
  });

  it('infers them of roles defined in place', () => {
    const roles = defineRoles({ permissions: ['fly'], roles: { bird: { rank: 1, permissions: ['fly'] } } });

    expectTypeOf(new SessionService({ store, roles })).toEqualTypeOf<SessionService<'fly'>>();
  });

  it('compiles no misspelt setting', () => {
    const policies: readonly SessionPolicyOptions[] = [
      { idleTimeoutMs: 60_000, byRole: { admin: { seatPolicy: 'reject' } } },
      // @ts-expect-error -- it is idleTimeoutMs
      { idleTimeout: 60_000 },
      // @ts-expect-error -- it is take_over
      { seatPolicy: 'takeover' },
      // @ts-expect-error -- a window is not a matter of roles
      { byRole: { admin: { activeWindowMs: 1 } } },
    ];

    expectTypeOf(SessionService).toBeConstructibleWith({ store, policy: policies[0] ?? {} });
  });
});

describe('validateSessionWithPermission', () => {
  it('takes the permissions of a MUD by default', () => {
    expectTypeOf<MethodOf<'validateSessionWithPermission'>>().parameter(1).toEqualTypeOf<MudPermission>();
    // @ts-expect-error -- it is kick_users
    void service.validateSessionWithPermission(token, 'kick_user');
  });

  it('takes the permissions of the host in their place', () => {
    const onShip = new SessionService({ store, roles: ship });

    expectTypeOf(onShip.validateSessionWithPermission(token, 'row')).resolves.toEqualTypeOf<Principal>();
    // @ts-expect-error -- a permission of the default table
    void onShip.validateSessionWithPermission(token, 'kick_users');
  });
});

describe('tokens', () => {
  it('are text or absent, as they come from a client', () => {
    expectTypeOf<TokenInput>().toEqualTypeOf<string | null | undefined>();
    expectTypeOf<MethodOf<'validateSession'>>().parameter(0).toEqualTypeOf<TokenInput>();
    expectTypeOf<MethodOf<'validateSessionForGame'>>().parameter(0).toEqualTypeOf<TokenInput>();
    expectTypeOf<MethodOf<'validateSessionWithPermission'>>().parameter(0).toEqualTypeOf<TokenInput>();
    expectTypeOf<MethodOf<'selectCharacter'>>().parameter(0).toEqualTypeOf<TokenInput>();
    expectTypeOf<MethodOf<'logout'>>().parameter(0).toEqualTypeOf<TokenInput>();
  });

  it('are shown by createSession and by nothing else', () => {
    expectTypeOf<CreatedSession>().toHaveProperty('token').toEqualTypeOf<string>();
    expectTypeOf<Principal>().not.toHaveProperty('token');
    expectTypeOf<Principal['session']>().not.toHaveProperty('token');
    expectTypeOf<Principal['session']>().not.toHaveProperty('secretHash');
  });
});

describe('answers', () => {
  it('are principals, with the character in the game form', () => {
    expectTypeOf<MethodOf<'validateSession'>>().returns.resolves.toEqualTypeOf<Principal>();
    expectTypeOf<MethodOf<'validateSessionForGame'>>().returns.resolves.toEqualTypeOf<GamePrincipal>();
    expectTypeOf<MethodOf<'selectCharacter'>>().returns.resolves.toEqualTypeOf<GamePrincipal>();
    expectTypeOf<GamePrincipal>().toExtend<Principal>();
    expectTypeOf<GamePrincipal['worldId']>().toEqualTypeOf<string>();
  });

  it('have one word for absence', () => {
    expectTypeOf<MethodOf<'getUsernameFromSession'>>().returns.resolves.toEqualTypeOf<string | null>();
    expectTypeOf<
      MethodOf<'getUsernameAndRoleFromSession'>
    >().returns.resolves.toEqualTypeOf<UsernameAndRole | null>();
    expectTypeOf<InvalidSessionError['reason']>().toEqualTypeOf<EndingReason | null>();
  });

  it('say whether, or how many, or who', () => {
    expectTypeOf<MethodOf<'logout'>>().returns.resolves.toEqualTypeOf<boolean>();
    expectTypeOf<MethodOf<'removeSession'>>().returns.resolves.toEqualTypeOf<boolean>();
    expectTypeOf<MethodOf<'removeSessionsForUser'>>().returns.resolves.toEqualTypeOf<number>();
    expectTypeOf<MethodOf<'clearAllSessions'>>().returns.resolves.toEqualTypeOf<number>();
    expectTypeOf<MethodOf<'getActiveCharacters'>>().returns.resolves.toEqualTypeOf<
      readonly ActiveCharacter[]
    >();
  });

  it('cannot be written to', async () => {
    const principal = await service.validateSession(token);

    expectTypeOf(principal).toEqualTypeOf<Principal>();
    // @ts-expect-error -- read-only
    principal.role = 'superuser';
    // @ts-expect-error -- read-only
    principal.session.characterId = 'character-1';
  });
});

describe('the reasons of a removal', () => {
  it('are those that are a host’s to give', () => {
    expectTypeOf<RemovalReason>().toEqualTypeOf<'logged_out' | 'kicked' | 'banned' | 'credentials_changed'>();
    expectTypeOf<RemoveOptions>().toHaveProperty('reason').toEqualTypeOf<RemovalReason | undefined>();
  });
});

describe('code and status of an error', () => {
  it('are literal, to branch on', () => {
    expectTypeOf<InvalidSessionError['code']>().toEqualTypeOf<'session_invalid'>();
    expectTypeOf<InvalidSessionError['status']>().toEqualTypeOf<401>();
  });
});
