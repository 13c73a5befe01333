import { expect, it, jest } from '@jest/globals';
import express from 'express';
import request from 'supertest';
import { browserSession } from '../../src/auth/session.ts';
import { createLogger } from '../../src/log.ts';
import { openEmbeddedStore } from '../../src/store/embedded-store.ts';
import { sessionStores } from '../../src/store/sessions.ts';
import { requestLog } from '../../src/web/request-log.ts';
import { HOUR } from '../support/clock.ts';
import { newDataDir } from '../support/start-app.ts';

it('a session that cannot be kept once the answer is out is told to the log, and to nobody else', async () => {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const store = openEmbeddedStore(newDataDir());
  const app = express();
  app.use(requestLog(createLogger({ level: 'info', isPretty: false, destination })));
  app.use(
    browserSession({
      store: sessionStores.embedded(store, () => HOUR),
      secrets: ['a secret'],
      isSecure: false,
      path: '/',
      suffix: 'test',
    }),
  );
  app.post('/begin', (req, res) => {
    req.session.binding = 'begun';
    res.end();
  });
  app.get('/break', async (_req, res) => {
    await store.close();
    res.end('answered');
  });
  const printed = jest.spyOn(console, 'error').mockImplementation(() => {});
  const [cookie = ''] = (await request(app).post('/begin')).get('Set-Cookie') ?? [];

  const answer = await request(app).get('/break').set('cookie', cookie);

  expect(answer.text).toBe('answered');
  // It goes on in a turn of its own.
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(lines).toContainEqual(expect.objectContaining({ msg: 'the session could not be kept' }));
  expect(printed).not.toHaveBeenCalled();
  printed.mockRestore();
});
