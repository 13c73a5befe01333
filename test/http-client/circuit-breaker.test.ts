import { beforeEach, describe, expect, it } from '@jest/globals';
import { Circuits } from '../../src/http-client/circuit-breaker.ts';

const NAME = 'https://oauth.bitrix.info';

let now: number;
let circuits: Circuits;
beforeEach(() => {
  now = 0;
  circuits = new Circuits(() => now);
});

const failure = (index = 0) => new Error(`failure ${index}`);

function fail(times: number, name = NAME): void {
  for (let index = 1; index <= times; index += 1) circuits.failed(name, failure(index));
}

describe('refusal()', () => {
  it('when nothing is known of a neighbour › they are asked', () => {
    expect(circuits.refusal(NAME)).toBe(undefined);
  });

  it('when they have failed four times › they are asked, by everybody', () => {
    fail(4);

    expect([circuits.refusal(NAME), circuits.refusal(NAME)]).toEqual([undefined, undefined]);
  });

  it('when they have failed five times › they are not asked, and the last failure is passed on', () => {
    fail(5);

    expect(circuits.refusal(NAME)).toEqual(failure(5));
  });

  it('when they fail once more › it is that failure which is passed on', () => {
    fail(5);
    const sixth = failure(6);
    circuits.failed(NAME, sixth);

    expect(circuits.refusal(NAME)).toBe(sixth);
  });

  it('when another neighbour is sick › this one is asked', () => {
    fail(5, 'https://oauth.bitrix24.tech');

    expect(circuits.refusal(NAME)).toBe(undefined);
  });

  it('when failures are far apart but in a row › they count', () => {
    fail(4);
    now += 3_600_000;
    fail(1);

    expect(circuits.refusal(NAME)).toEqual(failure(1));
  });

  it('when a second has passed › one is let through, and the others hear the failure', () => {
    fail(5);

    now = 999;
    expect(circuits.refusal(NAME)).toEqual(failure(5));
    now = 1_000;
    expect(circuits.refusal(NAME)).toBe(undefined);
    expect(circuits.refusal(NAME)).toEqual(failure(5));
  });

  it('when the one who was let through has not come back › another is let through a second later', () => {
    fail(5);
    now = 1_700;
    circuits.refusal(NAME);

    now = 2_699;
    expect(circuits.refusal(NAME)).toEqual(failure(5));
    now = 2_700;
    expect(circuits.refusal(NAME)).toBe(undefined);
  });

  it('when the one who was let through fails › the next is let through a second after that', () => {
    fail(5);
    now = 1_000;
    circuits.refusal(NAME);
    now = 1_800;
    const late = failure(9);
    circuits.failed(NAME, late);

    now = 2_799;
    expect(circuits.refusal(NAME)).toBe(late);
    now = 2_800;
    expect(circuits.refusal(NAME)).toBe(undefined);
  });
});

describe('succeeded()', () => {
  it('when it goes well in between › the failures before it do not count', () => {
    fail(4);
    circuits.succeeded(NAME);
    fail(4);

    expect(circuits.refusal(NAME)).toBe(undefined);
  });

  it('when the one who was let through comes back well › everybody asks again', () => {
    fail(5);
    now = 1_000;
    circuits.refusal(NAME);
    circuits.succeeded(NAME);

    expect([circuits.refusal(NAME), circuits.refusal(NAME)]).toEqual([undefined, undefined]);
  });

  it('when one neighbour is well › another who is sick is left in peace', () => {
    fail(5);
    circuits.succeeded('https://oauth.bitrix24.tech');

    expect(circuits.refusal(NAME)).toEqual(failure(5));
  });
});

describe('new Circuits()', () => {
  it('when no clock is given › goes by one that runs', () => {
    circuits = new Circuits();
    fail(5);

    expect(circuits.refusal(NAME)).toEqual(failure(5));
  });
});

describe('peek()', () => {
  it('when somebody only looks › the next one still finds out', () => {
    let now = 0;
    const circuits = new Circuits(() => now);
    for (let time = 0; time < 5; time += 1) circuits.failed('acme', new Error('away'));

    const closedIn = circuits.peek('acme');
    now = 1_000;
    const looks = [circuits.peek('acme'), circuits.peek('acme')];

    expect(closedIn).toBeInstanceOf(Error);
    expect(looks).toEqual([undefined, undefined]);
    expect(circuits.refusal('acme')).toBeUndefined();
    expect(circuits.refusal('acme')).toBeInstanceOf(Error);
  });
});
