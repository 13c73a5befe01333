import { beforeEach, describe, expect, it } from '@jest/globals';
import { CircuitBreakers } from '../../src/http-client/circuit-breaker.ts';

const NAME = 'https://oauth.bitrix.info';
const OTHER = 'https://oauth.bitrix24.tech';

let now: number;
let circuits: CircuitBreakers;
beforeEach(() => {
  now = 0;
  circuits = new CircuitBreakers({ now: () => now });
});

const failure = (index = 0) => new Error(`failure ${index}`);

function fail(times: number, name = NAME): void {
  for (let index = 1; index <= times; index += 1) circuits.failed(name, failure(index));
}

describe('beforeCall()', () => {
  it('when nothing is known of a host › lets the call through', () => {
    expect(circuits.beforeCall(NAME)).toBe(undefined);
  });

  it('when the host has failed four times › lets every call through', () => {
    fail(4);

    expect([circuits.beforeCall(NAME), circuits.beforeCall(NAME)]).toEqual([undefined, undefined]);
  });

  it('when the host has failed five times › gives the last failure instead of a call', () => {
    fail(5);

    expect(circuits.beforeCall(NAME)).toEqual(failure(5));
  });

  it('when the host fails once more › gives that failure', () => {
    fail(5);
    const sixth = failure(6);
    circuits.failed(NAME, sixth);

    expect(circuits.beforeCall(NAME)).toBe(sixth);
  });

  it('when the circuit of another host is open › lets the call through', () => {
    fail(5, OTHER);

    expect(circuits.beforeCall(NAME)).toBe(undefined);
  });

  it('when failures are an hour apart but in a row › counts them', () => {
    fail(4);
    now += 3_600_000;
    fail(1);

    expect(circuits.beforeCall(NAME)).toEqual(failure(1));
  });

  it('when a second has passed › lets one call through as a probe, and gives the others the failure', () => {
    fail(5);

    now = 999;
    expect(circuits.beforeCall(NAME)).toEqual(failure(5));
    now = 1_000;
    expect(circuits.beforeCall(NAME)).toBe(undefined);
    expect(circuits.beforeCall(NAME)).toEqual(failure(5));
  });

  it('when the probe has not ended › lets another through a second later', () => {
    fail(5);
    now = 1_700;
    circuits.beforeCall(NAME);

    now = 2_699;
    expect(circuits.beforeCall(NAME)).toEqual(failure(5));
    now = 2_700;
    expect(circuits.beforeCall(NAME)).toBe(undefined);
  });

  it('when the probe fails › lets the next one through a second after that', () => {
    fail(5);
    now = 1_000;
    circuits.beforeCall(NAME);
    now = 1_800;
    const late = failure(9);
    circuits.failed(NAME, late);

    now = 2_799;
    expect(circuits.beforeCall(NAME)).toBe(late);
    now = 2_800;
    expect(circuits.beforeCall(NAME)).toBe(undefined);
  });
});

describe('succeeded()', () => {
  it('when a call succeeds in between › the failures before it do not count', () => {
    fail(4);
    circuits.succeeded(NAME);
    fail(4);

    expect(circuits.beforeCall(NAME)).toBe(undefined);
  });

  it('when the probe succeeds › every call goes through', () => {
    fail(5);
    now = 1_000;
    circuits.beforeCall(NAME);
    circuits.succeeded(NAME);

    expect([circuits.beforeCall(NAME), circuits.beforeCall(NAME)]).toEqual([undefined, undefined]);
  });

  it('when one host succeeds › the circuit of another stays open', () => {
    fail(5);
    circuits.succeeded(OTHER);

    expect(circuits.beforeCall(NAME)).toEqual(failure(5));
  });
});

describe('new CircuitBreakers()', () => {
  it('when no clock is given › goes by one that runs', () => {
    circuits = new CircuitBreakers();
    fail(5);

    expect(circuits.beforeCall(NAME)).toEqual(failure(5));
  });

  it('when the threshold is 1 › the first failure opens the circuit', () => {
    circuits = new CircuitBreakers({ threshold: 1, now: () => now });
    fail(1);

    expect(circuits.beforeCall(NAME)).toEqual(failure(1));
    now = 1_000;
    expect([circuits.beforeCall(NAME), circuits.beforeCall(NAME)]).toEqual([undefined, failure(1)]);
  });
});

describe('failureIfOpen()', () => {
  it('when it is asked after a second › the turn of the probe is still free', () => {
    fail(5);

    const whileOpen = circuits.failureIfOpen(NAME);
    now = 1_000;
    const later = [circuits.failureIfOpen(NAME), circuits.failureIfOpen(NAME)];

    expect(whileOpen).toEqual(failure(5));
    expect(later).toEqual([undefined, undefined]);
    expect(circuits.beforeCall(NAME)).toBeUndefined();
    expect(circuits.beforeCall(NAME)).toEqual(failure(5));
  });
});

describe('an observer', () => {
  it('hears once that a circuit opens and once that it is closed, however many calls fail in between', () => {
    const told: unknown[] = [];
    circuits = new CircuitBreakers({
      now: () => now,
      observe: {
        opened: (name, { message }) => told.push(['opened', name, message]),
        closed: (name) => told.push(['closed', name]),
      },
    });

    fail(9);
    circuits.succeeded(NAME);
    circuits.succeeded(NAME);
    fail(4);
    circuits.succeeded(NAME);

    expect(told).toEqual([
      ['opened', NAME, 'failure 5'],
      ['closed', NAME],
    ]);
  });
});
