import { describe, expect, it, jest } from '@jest/globals';
import { startNeighbour } from '../support/neighbour.ts';

describe('a name whose DNS answer changes between two connections', () => {
  it('is resolved again for each connection, and no connection goes to a private address among its answers', async () => {
    const inside = await startNeighbour((_req, res) => void res.end('{}'));
    const port = inside.url.port;
    const answers = [
      ['93.184.216.34', '127.0.0.1'],
      ['127.0.0.1'],
      ['2606:2800:220:1::1', '::1'],
      ['::ffff:127.0.0.1'],
    ];
    let asked = 0;
    jest.unstable_mockModule('node:dns', () => ({
      lookup(_name: string, _options: object, done: (error: null, found: object[]) => void) {
        const found = answers[asked % answers.length] ?? [];
        asked += 1;
        setImmediate(() =>
          done(
            null,
            found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
          ),
        );
      },
    }));
    const { createHttpClient } = await import('../../src/http-client/http-client.ts');
    const http = createHttpClient({ mayBePrivate: (name) => name === 'listed.example' });
    const limits = { timeoutMs: 2000, maxBytes: 1000 };

    const outcomes = [];
    for (const _ of answers) {
      const [outcome] = await Promise.allSettled([
        http.postForm(new URL(`http://rebinding.example:${port}/rest/`), { auth: 'CANARY' }, limits),
      ]);
      outcomes.push(outcome?.status === 'rejected' ? outcome.reason.why : 'called');
    }
    const connectionsOfRebinding = inside.connections;
    asked = 1;
    const listed = await http.postForm(new URL(`http://listed.example:${port}/rest/`), {}, limits);

    http.close();
    await inside.stop();
    expect(outcomes).toEqual(answers.map(() => 'EADDRNOTPUBLIC'));
    expect(connectionsOfRebinding).toBe(0);
    // The same answer for a host that is listed: it is the list that makes the difference.
    expect([listed.status, inside.connections]).toEqual([200, 1]);
  });
});
