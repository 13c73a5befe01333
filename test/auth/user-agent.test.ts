import { describe, expect, it } from '@jest/globals';
import { describeUserAgent } from '../../src/auth/user-agent.ts';

const WINDOWS = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)';
const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)';
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)';
const ANDROID = 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)';

describe('describeUserAgent', () => {
  it.each([
    [`${WINDOWS} Chrome/138.0.0.0 Safari/537.36`, 'Chrome', 'Windows'],
    [`${WINDOWS} Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0`, 'Edge', 'Windows'],
    [`${WINDOWS} Chrome/138.0.0.0 YaBrowser/25.8.0.0 Safari/537.36`, 'Yandex', 'Windows'],
    [`${WINDOWS} Chrome/138.0.0.0 Safari/537.36 OPR/122.0.0.0`, 'Opera', 'Windows'],
    [`${MAC} Version/18.5 Safari/605.1.15`, 'Safari', 'macOS'],
    [`${MAC} Chrome/138.0.0.0 Safari/537.36`, 'Chrome', 'macOS'],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox', 'Linux'],
    ['Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0', 'Firefox', 'Android'],
    [`${IPHONE} Version/18.5 Mobile/15E148 Safari/604.1`, 'Safari', 'iOS'],
    [`${IPHONE} CriOS/138.0.7204.33 Mobile/15E148 Safari/604.1`, 'Chrome', 'iOS'],
    [`${IPHONE} FxiOS/140.0 Mobile/15E148 Safari/605.1.15`, 'Firefox', 'iOS'],
    [`${IPHONE} Version/18.0 EdgiOS/138.0.0.0 Mobile/15E148 Safari/604.1`, 'Edge', 'iOS'],
    [`${IPHONE} Version/18.5 YaBrowser/25.8.0.0 Mobile/15E148 Safari/604.1`, 'Yandex', 'iOS'],
    [`${ANDROID} Chrome/138.0.0.0 Mobile Safari/537.36`, 'Chrome', 'Android'],
    [`${ANDROID} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`, 'Samsung Internet', 'Android'],
    [
      'Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36',
      'Chrome',
      'ChromeOS',
    ],
  ])('reads %s', (agent, browser, system) => {
    expect(describeUserAgent(agent)).toEqual({ browser, system });
  });

  it.each(['', 'curl/8.14.1', 'Mozilla', 'Chrome/1 Windows', '<b>Firefox/1</b>', 'node', '\u0000'])(
    'does not guess from "%s"',
    (agent) => {
      expect(describeUserAgent(agent)).toEqual({ browser: null, system: null });
    },
  );

  it('tells what it can of a browser that it does not know', () => {
    expect(describeUserAgent('Mozilla/5.0 (X11; Linux x86_64) Servo/1.0')).toEqual({
      browser: null,
      system: 'Linux',
    });
  });
});
