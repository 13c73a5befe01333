import { describe, expect, it } from '@jest/globals';
import { checkSettings, listeningAt } from '../../src/doctor/settings.ts';
import { newDataDir } from '../support/start-app.ts';

const GOOD = {
  BITRIX24_CLIENT_ID: 'local.0123456789abcd.01234567',
  BITRIX24_CLIENT_SECRET: 'CANARY-secret',
  BITRIX24_PORTALS: 'acme.bitrix24.com',
};

describe('checkSettings()', () => {
  it('when they are good › says what follows from them, without any password', () => {
    const { findings, config } = checkSettings({
      ...GOOD,
      DATA_DIR: newDataDir(),
      PUBLIC_URL: 'https://crm.example.com',
      REDIS_URL: 'redis://user:CANARY@redis:6380/2',
    });

    const said = findings.map(({ what }) => what).join('\n');
    expect(config).toBeDefined();
    expect(said).toContain('https://crm.example.com/bitrix');
    expect(said).toContain('http://127.0.0.1:8050');
    expect(said).toContain('redis://redis:6380/2');
    expect(JSON.stringify(findings)).not.toContain('CANARY');
  });

  it('when several are wrong › names each, with an example, and gives no settings', () => {
    const { findings, config } = checkSettings({
      ...GOOD,
      BITRIX24_CLIENT_ID: undefined,
      PORT: 'x',
      TOKEN_KEYS: 'CANARY',
    });

    const problems = findings.filter(({ level }) => level === 'problem');
    expect(config).toBeUndefined();
    expect(problems.map(({ what }) => what.split(' ', 1)[0]).sort()).toEqual([
      'BITRIX24_CLIENT_ID',
      'PORT',
      'TOKEN_KEYS',
    ]);
    expect(problems.filter(({ remedy }) => !remedy?.includes('='))).toEqual([]);
    expect(JSON.stringify(findings)).not.toContain('CANARY');
  });
});

describe('listeningAt()', () => {
  it.each([
    ['127.0.0.1', 'http://127.0.0.1:8050'],
    ['0.0.0.0', 'http://127.0.0.1:8050'],
    ['::', 'http://127.0.0.1:8050'],
    ['10.0.0.5', 'http://10.0.0.5:8050'],
  ])('when HOST is %s › is %s', (host, origin) => {
    expect(listeningAt({ host, port: 8050 }).origin).toBe(origin);
  });
});
