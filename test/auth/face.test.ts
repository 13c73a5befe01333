import { beforeEach, describe, expect, it } from '@jest/globals';
import { type Auth, createAuth, type PortalUser } from '../../src/auth/index.ts';
import { sessionStores } from '../../src/store/sessions.ts';
import { type Store, StoreUnavailableError } from '../../src/store/store.ts';
import { createCipher } from '../../src/vault/cipher.ts';
import { createTokenVault } from '../../src/vault/token-vault.ts';
import { createMemoryStore } from '../support/memory-store.ts';
import { newTokens } from '../support/token-builders.ts';

const KEY = Buffer.alloc(32, 'key');
const PORTAL = 'https://acme.example';

describe('the face of auth', () => {
  let store: Store;
  let auth: Auth;
  let user: PortalUser;
  beforeEach(async () => {
    store = createMemoryStore(Date.now);
    auth = createAuth({
      publicUrl: 'http://localhost:8050',
      clientId: 'local.1',
      clientSecret: 'a client secret',
      portals: PORTAL,
      sessionSecrets: ['s'.repeat(32)],
      tokenKeys: [KEY],
      store,
      sessionStore: sessionStores.embedded(store, () => 1_000),
    });
    user = { memberId: 'm', clientId: 'local.1', userId: 7, portal: PORTAL };
    const vault = createTokenVault({ store, cipher: createCipher([KEY]) });
    const tokens = newTokens({ clientEndpoint: `${PORTAL}/rest/` });
    await vault.save(user, tokens, 'https://oauth.example');
    await vault.save({ ...user, clientId: 'local.2' }, tokens, 'https://oauth.example');
  });

  async function storedUsers(): Promise<PortalUser[]> {
    const users: PortalUser[] = [];
    for await (const each of auth.users()) users.push(each);
    return users;
  }

  it('users() › gives the users of this application, and not those of another on the same store', async () => {
    expect(await storedUsers()).toEqual([user]);
  });

  it('describe() › tells the state of the tokens, and nothing of themselves', async () => {
    const description = await auth.describe(user);

    expect(description).toMatchObject({ state: 'ok', renewedAt: null });
    expect(Object.keys(description ?? {}).sort()).toEqual(['lastError', 'renewedAt', 'since', 'state']);
  });

  it('forget() › deletes the tokens, and awaits what the host deletes', async () => {
    const told: PortalUser[] = [];
    auth.onForgotten(async (forgotten) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      told.push(forgotten);
    });

    await auth.forget(user);

    expect(told).toEqual([user]);
    expect(await auth.describe(user)).toBeUndefined();
    expect(await storedUsers()).toEqual([]);
  });

  it('ready() › goes by whether the store takes writes', async () => {
    expect(await auth.ready()).toBe(true);
    store.ping = async () => {
      throw new StoreUnavailableError('OOM');
    };
    expect(await auth.ready()).toBe(false);
  });
});
