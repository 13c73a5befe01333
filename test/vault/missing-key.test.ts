import { describe, expect, it } from '@jest/globals';
import { startApp } from '../support/start-app.ts';

describe('a replica whose TOKEN_KEYS lacks the key of the records', () => {
  it('says so in one warning, however many requests meet them', async () => {
    const app = await startApp();
    const agent = app.agent();
    await app.signIn(agent);
    const replica = await app.replica({ tokenKeys: [Buffer.alloc(32, 'another key')] });

    for (let visit = 0; visit < 3; visit += 1) await agent.request(`${replica}/companies`);

    const told = app.logLines().filter(({ setting }) => setting === 'TOKEN_KEYS');
    expect(told).toEqual([
      expect.objectContaining({
        level: 'warn',
        msg: expect.stringContaining('a key that TOKEN_KEYS of this replica lacks'),
      }),
    ]);
    await app.stop();
  });
});
