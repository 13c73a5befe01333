import { describe, expect, it } from '@jest/globals';
import express from 'express';
import request from 'supertest';
import { createLogger } from '../../src/log.ts';
import { bindLog, logOf, requestLog } from '../../src/web/request-log.ts';

describe('bindLog()', () => {
  it('when the host logs its requests already › its lines keep their number and their fields', async () => {
    const { app, lines } = anApp((logger) => [
      requestLog(logger.child({ host: 'ours' })),
      bindLog(logger.child({ host: 'bound later' })),
    ]);

    const answer = await request(app).get('/');

    expect(lines.map(({ msg }) => msg)).toEqual(['a line of the handler', 'answered']);
    for (const line of lines) {
      expect(line).toMatchObject({ host: 'ours', requestId: answer.headers['x-request-id'] });
    }
  });

  it('when the host has no request log › gives each request a number of its own', async () => {
    const { app, lines } = anApp((logger) => [bindLog(logger)]);

    await request(app).get('/');
    await request(app).get('/');

    const numbers = lines.map(({ requestId }) => requestId);
    expect(numbers).toEqual([expect.stringMatching(/^[\da-f]{12}$/), expect.stringMatching(/^[\da-f]{12}$/)]);
    expect(new Set(numbers).size).toBe(2);
  });
});

type Middleware = (logger: ReturnType<typeof createLogger>) => express.RequestHandler[];

function anApp(middleware: Middleware) {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const logger = createLogger({ level: 'info', isPretty: false, destination });
  const app = express();
  app.use(middleware(logger));
  app.get('/', (req, res) => {
    logOf(req).info('a line of the handler');
    res.end();
  });
  return { app, lines };
}
