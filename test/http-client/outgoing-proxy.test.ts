import { describe, expect, it } from '@jest/globals';
import { chooseProxy, parseNoProxy, parseOutgoingProxy } from '../../src/http-client/outgoing-proxy.ts';

const httpsProxy = parseOutgoingProxy('http://secure.example:3128');
const httpProxy = parseOutgoingProxy('http://plain.example:3128');

function chosen(url: string, noProxy = ''): string | undefined {
  return chooseProxy({ httpsProxy, httpProxy, noProxy: parseNoProxy(noProxy) })(new URL(url))?.url.hostname;
}

describe('chooseProxy()', () => {
  it.each([
    ['https://acme.bitrix24.com/rest/', 'secure.example'],
    ['http://box.example/rest/', 'plain.example'],
    ['http://localhost:8051', undefined],
    ['https://portal.localhost:8051', undefined],
    ['https://127.8.9.10', undefined],
    ['http://[::1]:8051', undefined],
    ['http://[::ffff:127.0.0.1]', undefined],
    ['http://10.0.0.5', 'plain.example'],
    ['https://localhost.example', 'secure.example'],
  ])('when %s is called › it goes through %s', (url, proxy) => {
    expect(chosen(url)).toBe(proxy);
  });

  it.each<[string, string[], string[]]>([
    ['*', ['https://acme.bitrix24.com', 'http://10.0.0.5'], []],
    ['acme.example', ['https://acme.example', 'https://crm.ACME.example'], ['https://notacme.example']],
    ['.acme.example', ['https://crm.acme.example', 'https://acme.example'], ['https://xacme.example']],
    ['*.acme.example', ['https://crm.acme.example'], ['https://other.example']],
    ['acme.example:8443', ['https://acme.example:8443'], ['https://acme.example']],
    ['acme.example:443', ['https://acme.example'], ['http://acme.example']],
    ['10.0.0.5', ['http://10.0.0.5:8080'], ['http://10.0.0.50']],
    ['10.0.0.0/8', ['http://10.9.9.9'], ['http://11.0.0.1', 'https://10.example']],
    ['fd00::/8, 2001:db8::1', ['http://[fd12::1]', 'http://[2001:db8::1]'], ['http://[2001:db8::2]']],
    ['::1:2, [fe80::1]:8080', ['http://[fe80::1]:8080'], ['http://[fe80::1]:80', 'https://acme.example']],
    ['a.example  b.example,,c.example', ['https://b.example', 'https://c.example'], ['https://d.example']],
    [',. ,:', [], ['https://acme.example', 'http://10.0.0.5']],
  ])('when NO_PROXY is %j › %j are called directly, %j are not', (noProxy, directly, through) => {
    expect(directly.map((url) => chosen(url, noProxy))).toEqual(directly.map(() => undefined));
    expect(through.filter((url) => chosen(url, noProxy) === undefined)).toEqual([]);
  });
});

describe('parseOutgoingProxy()', () => {
  it.each([
    ['http://proxy.example:3128', 'http://proxy.example:3128', undefined],
    ['proxy.example:3128', 'http://proxy.example:3128', undefined],
    ['https://proxy.example/', 'https://proxy.example', undefined],
    ['http://app:p%40w%3A@proxy.example:3128', 'http://proxy.example:3128', 'app:p@w:'],
  ])('when it is %s › reads where it is, and keeps the password apart', (text, origin, credentials) => {
    const { url, authorization } = parseOutgoingProxy(text);

    expect(url.href).toBe(`${origin}/`);
    expect(authorization && Buffer.from(authorization.replace('Basic ', ''), 'base64').toString()).toBe(
      credentials,
    );
  });

  it.each([
    'socks5://:CANARY@proxy.example',
    'http://u:CANARY@',
    'http://u:CANARY%@proxy.example',
    'http://u:CANARY@p/x',
  ])('when it is %s › is refused, without the password', (text) => {
    expect(() => parseOutgoingProxy(text)).toThrow(/^(?!.*CANARY).*write/);
  });
});
