import { describe, expect, it } from 'vitest';
import { AuthError, MaintenanceError } from '../../src/errors.ts';
import { LocalSessionEvents, type SessionEvent } from '../../src/live/session-events.ts';
import { defineRoles } from '../../src/roles/roles.ts';
import { MaintenanceMode } from '../../src/maintenance/maintenance-mode.ts';
import type { StartMaintenanceOptions } from '../../src/maintenance/maintenance-options.ts';
import { alice, bob, errorOf, type HostOptions, MINUTE, NOT_STRINGS, openHost } from '../session/fixture.ts';

const CLOSED: StartMaintenanceOptions = { admit: 'admin', message: 'We are repairing the bridge.' };

const IMPOSSIBLE: Readonly<Record<string, object>> = {
  'no role': { message: 'x' },
  'an unknown role': { ...CLOSED, admit: 'wizard' },
  'a role by its rank': { ...CLOSED, admit: 3 },
  'no message': { admit: 'admin' },
  'a message without end': { ...CLOSED, message: 'x'.repeat(1_001) },
  'a message that no database takes': { ...CLOSED, message: 'a\0b' },
  'half a character': { ...CLOSED, message: '\uD800' },
  'an end as a number': { ...CLOSED, expectedEnd: 1 },
  'an end that is no time': { ...CLOSED, expectedEnd: new Date(NaN) },
  'an end that is a text': { ...CLOSED, expectedEnd: '2026-01-01' },
  'a wish that is a text': { ...CLOSED, endSessions: 'yes' },
  'an actor who is a number': { ...CLOSED, actorId: 1 },
};

describe('a closed game', () => {
  it('refuses a sign-in with a 503 that says why and how long, and never with a 401', async () => {
    const { service, maintenance, clock } = openClosable();
    const expectedEnd = new Date(clock.now().getTime() + 10 * MINUTE);
    await maintenance.start({ ...CLOSED, expectedEnd });
    clock.advance(MINUTE);

    const error = await errorOf(service.createSession(alice.id));

    expect(error).toBeInstanceOf(MaintenanceError);
    expect(error).toBeInstanceOf(AuthError);
    expect(error).toMatchObject({
      code: 'maintenance',
      status: 503,
      message: CLOSED.message,
      expectedEnd,
      retryAfterSeconds: 9 * 60,
    });
  });

  it('lets the role in that is named, and those of its rank or a higher one', async () => {
    const roles = defineRoles({
      permissions: ['dig'],
      roles: {
        mole: { rank: 1, permissions: [] },
        builder: { rank: 2, permissions: [] },
        herald: { rank: 2, permissions: [] },
        admin: { rank: 3, permissions: [] },
      },
    });
    const { service, maintenance, directory } = openClosable({ roles: roles as never });
    await maintenance.start({ admit: 'builder', message: 'Builders only.' });

    const letIn: string[] = [];
    for (const role of ['mole', 'builder', 'herald', 'admin', 'stranger']) {
      await directory.putUser({ ...alice, role });
      await service.createSession(alice.id).then(
        () => letIn.push(role),
        () => {},
      );
    }

    expect(letIn).toEqual(['builder', 'herald', 'admin']);
  });

  it('leaves those inside alone', async () => {
    const { service, maintenance } = openClosable();
    const { token } = await service.createSession(alice.id);

    expect(await maintenance.start(CLOSED)).toBe(0);

    await expect(service.validateSession(token)).resolves.toBeDefined();
  });

  it('sends those inside out, if that is wanted, and tells all nodes in one message', async () => {
    const events = new LocalSessionEvents();
    const heard: SessionEvent[] = [];
    events.subscribe({ heard: (event) => void heard.push(event), missed() {} });
    const { service, maintenance, directory } = openClosable({ events });
    await directory.putUser({ ...bob, role: 'superuser' });
    const [player, other, staff] = await Promise.all(
      [alice, alice, bob].map(({ id }) => service.createSession(id)),
    );

    expect(await maintenance.start({ ...CLOSED, endSessions: true, actorId: bob.id })).toBe(2);

    for (const { token } of [player, other].filter((each) => each !== undefined))
      await expect(service.validateSession(token)).rejects.toMatchObject({
        status: 401,
        reason: 'maintenance',
      });
    await expect(service.validateSession(staff?.token)).resolves.toBeDefined();
    expect(heard).toEqual([{ type: 'all_sessions_ended', reason: 'maintenance', actorId: bob.id }]);
  });

  it('is open again with one call', async () => {
    const { service, maintenance } = openClosable();
    await maintenance.start(CLOSED);
    expect(await maintenance.current()).toMatchObject({
      message: CLOSED.message,
      admittedRoles: ['admin', 'superuser'],
      expectedEnd: null,
    });

    expect(await maintenance.end()).toBe(true);

    expect(await maintenance.current()).toBeNull();
    await expect(service.createSession(alice.id)).resolves.toBeDefined();
  });

  it('that is opened while a sign-in is refused asks to come back soon', async () => {
    const host = openClosable({
      async around(method, call) {
        const result = await call();
        if (method === 'createSession') await host.closing.endMaintenance();
        return result;
      },
    });
    await host.maintenance.start(CLOSED);

    expect(await errorOf(host.service.createSession(alice.id))).toMatchObject({
      code: 'maintenance',
      retryAfterSeconds: 60,
    });
  });

  it.each(Object.entries(IMPOSSIBLE))('cannot be made with %s', async (_, options) => {
    const { maintenance } = openClosable();

    await expect(maintenance.start(options as StartMaintenanceOptions)).rejects.toBeInstanceOf(TypeError);

    expect(await maintenance.current()).toBeNull();
  });

  it.each(NOT_STRINGS)('cannot be made with %s for a message', async (_, message) => {
    const { maintenance } = openClosable();

    await expect(maintenance.start({ admit: 'admin', message })).rejects.toBeInstanceOf(TypeError);
  });
});

function openClosable(options: HostOptions = {}) {
  const host = openHost(options);

  return { ...host, maintenance: new MaintenanceMode({ sessions: host.service, store: host.closing }) };
}
