import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nameOfRedis, parseRedisAddress } from '../../src/store/redis/redis-address.ts';
import { EACH, outcomeOf } from '../support/fuzz.ts';
import { anyText, mutated } from '../support/hostile-values.ts';

/** Cannot be part of a host or a message by chance. */
const PASSWORD = 'hushhushhush';

const aHost = fc.record({
  name: fc.constantFrom('127.0.0.1', 'redis', 'redis.acme.example', '[::1]'),
  port: fc.constantFrom(undefined, 1, 6380, 65_535),
});
const anAddress = fc.record({
  isTls: fc.boolean(),
  kind: fc.constantFrom('', '+sentinel', '+cluster'),
  user: fc.constantFrom('', 'app'),
  password: fc.constantFrom('', PASSWORD, `${PASSWORD}@/:%?#`),
  hosts: fc.array(aHost, { minLength: 1, maxLength: 3 }),
  database: fc.constantFrom('', '/', '/0', '/7'),
});
type Address = typeof anAddress extends fc.Arbitrary<infer T> ? T : never;

function written({ isTls, kind, user, password, hosts, database }: Address): string {
  const credentials = user || password ? `${user}${password && `:${encodeURIComponent(password)}`}@` : '';
  const list = hosts.map(({ name, port }) => (port === undefined ? name : `${name}:${port}`)).join(',');
  return `redis${isTls ? 's' : ''}${kind}://${credentials}${list}${kind === '+sentinel' ? '/mymaster' : database}`;
}

describe('REDIS_URL', () => {
  it('when it is well written › says who, where and how', () => {
    fc.assert(
      fc.property(anAddress, (address) => {
        const { isTls, kind, user, password, hosts, database } = address;
        fc.pre(kind !== '' || hosts.length === 1);
        fc.pre(kind !== '+cluster' || database !== '/7');

        const parsed = parseRedisAddress(written(address));

        const usualPort = kind === '+sentinel' ? 26_379 : 6379;
        expect(parsed).toEqual({
          kind: kind.slice(1) || 'single',
          isTls,
          username: user || undefined,
          password: password || undefined,
          hosts: hosts.map(({ name, port }) => ({
            host: name.replace(/[[\]]/g, ''),
            port: port ?? usualPort,
          })),
          masterName: kind === '+sentinel' ? 'mymaster' : '',
          database: kind === '' && database === '/7' ? 7 : 0,
        });
      }),
      EACH,
    );
  });

  it('when it names a socket › says where it is, which database, and who', () => {
    const aSocket = fc.record({
      password: fc.constantFrom('', PASSWORD, `${PASSWORD}@/:%?#`),
      folder: fc.constantFrom('/run/redis', '/var/lib/a b', '/@/100%', '/приложение'),
      database: fc.constantFrom(0, 1, 15),
    });
    fc.assert(
      fc.property(aSocket, ({ password, folder, database }) => {
        const socketPath = `${folder}/redis.sock`;
        const path = socketPath.split('/').map(encodeURIComponent).join('/');
        const user = password && `app:${encodeURIComponent(password)}@`;

        const parsed = parseRedisAddress(`redis+unix://${user}${path}${database ? `?db=${database}` : ''}`);

        expect(parsed).toMatchObject({ kind: 'socket', hosts: [], socketPath, database, isTls: false });
        expect(parsed.password).toBe(password || undefined);
        const named = nameOfRedis(parsed);
        expect(named).not.toContain(PASSWORD);
        expect(parseRedisAddress(named)).toMatchObject({ socketPath, database, password: undefined });
      }),
      EACH,
    );
  });

  it('whatever is written there › is read, or refused; neither the name of it nor the refusal tells the password', () => {
    const withPassword = fc.oneof(
      mutated(anAddress.map((address) => written({ ...address, password: PASSWORD }))),
      mutated(fc.constant(`redis+unix://app:${PASSWORD}@/run/redis/redis.sock?db=1`)),
      anyText,
    );
    fc.assert(
      fc.property(withPassword, (text) => {
        const outcome = outcomeOf(() => parseRedisAddress(text), [Error]);

        if ('refusal' in outcome) {
          expect(outcome.refusal.constructor).toBe(Error);
          return expect(outcome.refusal.message).not.toContain(PASSWORD);
        }
        // Without an @ there is no telling what was meant as a password.
        if (text.includes('@')) expect(nameOfRedis(outcome.value)).not.toContain(PASSWORD);
        expect(outcome.value.hosts.length > 0).toBe(outcome.value.kind !== 'socket');
        for (const { host, port } of outcome.value.hosts) {
          expect(host).not.toMatch(/[@\s]/);
          expect(Number.isInteger(port) && port > 0 && port < 65_536).toBe(true);
        }
      }),
      EACH,
    );
  });

  it('when it is named for people › the name leads to the same Redis', () => {
    fc.assert(
      fc.property(mutated(anAddress.map(written)), (text) => {
        const outcome = outcomeOf(() => parseRedisAddress(text), [Error]);
        if ('refusal' in outcome) return;

        const again = parseRedisAddress(nameOfRedis(outcome.value));

        expect(again).toEqual({ ...outcome.value, username: undefined, password: undefined });
      }),
      EACH,
    );
  });
});
