import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseRequestLimits } from '../src/bitrix24/limits/request-limits.ts';
import { parseAllowedPortals } from '../src/bitrix24/portal.ts';
import { createHttpClient, type HttpClient } from '../src/http-client/http-client.ts';
import { createLogger } from '../src/log.ts';
import { createServices, type Services } from '../src/services.ts';
import { sessionStores } from '../src/store/sessions.ts';
import { createMemoryStore } from './support/memory-store.ts';

const MARK = 'marked-secret';
const KEY = Buffer.from(MARK.padEnd(32, '.'));

describe('createServices()', () => {
  let http: HttpClient;
  let services: Services;
  beforeEach(() => {
    http = createHttpClient({ mayBePrivate: () => true });
    const store = createMemoryStore(Date.now);
    services = createServices({
      publicUrl: new URL('http://localhost:8050'),
      clientId: 'local.1.2',
      clientSecret: MARK,
      portals: parseAllowedPortals('https://acme.example'),
      authorizationServers: [new URL('https://oauth.example')],
      sessionSecrets: [MARK.padEnd(32, '.')],
      tokenKeys: [KEY],
      trustedProxies: [],
      limits: parseRequestLimits(''),
      cacheSeconds: 30,
      dataDir: '/nowhere',
      store,
      sessionStore: sessionStores.embedded(store, () => 1000),
      http,
      logger: createLogger({ level: 'silent', isPretty: false }),
      now: Date.now,
      isStopping: () => false,
    });
  });
  afterEach(() => http.close());

  it('hands no secret on › nothing that the routes are made of holds one', () => {
    expect(pathsTo(services, (value) => String(value).includes(MARK) || value === KEY)).toEqual([]);
  });
});

/** Where in an object, at any depth, functions' own properties included, a value is found. */
function pathsTo(root: object, isWanted: (value: unknown) => boolean): string[] {
  const seen = new Set<object>();
  const found: string[] = [];
  function look(value: unknown, path: string): void {
    if (typeof value === 'string' || Buffer.isBuffer(value)) {
      if (isWanted(value)) found.push(path);
      return;
    }
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value))
      return;
    seen.add(value);
    for (const [name, inner] of Object.entries(value)) look(inner, `${path}.${name}`);
  }
  look(root, 'services');
  return found;
}
