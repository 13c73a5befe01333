import { describe, expect, it } from '@jest/globals';
import session, { type SessionData } from 'express-session';
import { touchSeldom } from '../../src/store/sessions.ts';

const DATA = { cookie: { originalMaxAge: 1000 } } as SessionData;

/** A session store that counts how often it is asked to prolong, and fails when it is told to. */
class CountingStore extends session.Store {
  touched: string[] = [];
  fails = false;

  override get() {}
  override set() {}
  override destroy() {}
  override touch(sid: string, _data: SessionData, callback?: (error?: unknown) => void) {
    this.touched.push(sid);
    callback?.(this.fails ? new Error('away') : undefined);
  }
}

function touch(store: session.Store, sid: string): Promise<unknown> {
  return new Promise((resolve) => store.touch?.(sid, DATA, resolve as () => void));
}

describe('touchSeldom()', () => {
  it('when a session is used often › prolongs it once, and answers every time', async () => {
    const store = new CountingStore();
    touchSeldom(store, 60_000);

    const answers = [await touch(store, 'a'), await touch(store, 'a'), await touch(store, 'b')];

    expect(answers).toEqual([undefined, undefined, undefined]);
    expect(store.touched).toEqual(['a', 'b']);
  });

  it('when enough time has passed › prolongs it again', async () => {
    const store = new CountingStore();
    touchSeldom(store, 20);

    await touch(store, 'a');
    await new Promise((resolve) => setTimeout(resolve, 30));
    await touch(store, 'a');

    expect(store.touched).toEqual(['a', 'a']);
  });

  it('when the store was away › tries again with the next request', async () => {
    const store = new CountingStore();
    touchSeldom(store, 60_000);
    store.fails = true;

    const failure = await touch(store, 'a');
    store.fails = false;
    await touch(store, 'a');

    expect(failure).toBeInstanceOf(Error);
    expect(store.touched).toEqual(['a', 'a']);
  });
});
