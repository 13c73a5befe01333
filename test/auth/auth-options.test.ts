import { describe, expect, it } from '@jest/globals';
import { type AuthOptions, createAuth } from '../../src/auth/index.ts';
import { sessionStores } from '../../src/store/sessions.ts';
import { createMemoryStore } from '../support/memory-store.ts';

function someOptions(overrides: Partial<AuthOptions>): AuthOptions {
  const store = createMemoryStore(Date.now);
  return {
    publicUrl: 'http://localhost:8050',
    clientId: 'local.1',
    clientSecret: 'a client secret',
    portals: 'https://acme.example',
    sessionSecrets: ['s'.repeat(32)],
    tokenKeys: [Buffer.alloc(32).toString('base64')],
    store,
    sessionStore: sessionStores.embedded(store, () => 1_000),
    ...overrides,
  };
}

describe('createAuth()', () => {
  it('with texts as the environment holds them › is made', () => {
    expect(createAuth(someOptions({})).middleware.length).toBeGreaterThan(0);
  });

  it.each<[string, Partial<AuthOptions>, RegExp]>([
    ['no client id', { clientId: '' }, /clientId/],
    ['no client secret', { clientSecret: '' }, /clientSecret/],
    ['no session secret', { sessionSecrets: [''] }, /sessionSecrets/],
    ['a short token key', { tokenKeys: ['c2hvcnQ='] }, /tokenKeys/],
    ['no token key', { tokenKeys: [] }, /tokenKeys/],
    ['no authorization server', { authorizationServers: [] }, /authorizationServers/],
    ['portals that cannot be read', { portals: 'ftp://acme.example' }, /./],
    ['an address that cannot be read', { publicUrl: 'nowhere' }, /./],
  ])('with %s › says which option cannot be used', (_case, overrides, message) => {
    expect(() => createAuth(someOptions(overrides))).toThrow(message);
  });
});
