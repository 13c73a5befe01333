import { describe, expect, it } from '@jest/globals';
import {
  authorizationEndpoint,
  companyPage,
  itemPage,
  leadPage,
  type Portal,
  PortalMismatchError,
  parseAllowedPortals,
  parseClientEndpoint,
  parsePortal,
  pickAuthorizationServer,
} from '../../src/bitrix24/portal.ts';

const INFO = new URL('https://oauth.bitrix.info');
const TECH = new URL('https://oauth.bitrix24.tech');
const LOCAL = new URL('http://127.0.0.1:8052');
const SERVERS: [URL, ...URL[]] = [INFO, TECH, LOCAL];

function aPortal(address = 'https://acme.bitrix24.com'): Portal {
  const portal = parsePortal(address);
  if (portal === undefined) throw new Error(`${address} is no portal`);
  return portal;
}

describe('parsePortal()', () => {
  it.each([
    ['acme.bitrix24.ru', 'https://acme.bitrix24.ru'],
    ['  acme.bitrix24.ru\n', 'https://acme.bitrix24.ru'],
    ['ACME.Bitrix24.RU', 'https://acme.bitrix24.ru'],
    ['HTTPS://acme.bitrix24.ru', 'https://acme.bitrix24.ru'],
    ['https://acme.bitrix24.ru/', 'https://acme.bitrix24.ru'],
    ['https://acme.bitrix24.ru/crm/company/list/?a=1#top', 'https://acme.bitrix24.ru'],
    ['acme.bitrix24.ru:443', 'https://acme.bitrix24.ru'],
    ['acme.bitrix24.ru:8443', 'https://acme.bitrix24.ru:8443'],
    ['http://b24-dev-80.local', 'http://b24-dev-80.local'],
    ['http://b24-dev-80.local:80', 'http://b24-dev-80.local'],
    ['http://box.local:8080', 'http://box.local:8080'],
    ['http://192.168.1.5:8080', 'http://192.168.1.5:8080'],
    ['http://[::1]:8051', 'http://[::1]:8051'],
    ['компания.рф', 'https://xn--80aqeigdi5k.xn--p1ai'],
    ['bücher.example', 'https://xn--bcher-kva.example'],
  ])('when it is %j › reads %s', (text, origin) => {
    expect(parsePortal(text)?.origin).toBe(origin);
  });

  it('when there is a port › host has it and hostname has not', () => {
    expect(parsePortal('http://box.local:8080')).toEqual({
      origin: 'http://box.local:8080',
      host: 'box.local:8080',
      hostname: 'box.local',
    });
  });

  it.each([
    [''],
    ['   '],
    ['https://'],
    ['ftp://acme.bitrix24.ru'],
    ['javascript://acme.bitrix24.ru/%0aalert(1)'],
    ['javascript:alert(1)'],
    ['data:text/html,x'],
    ['file:///etc/passwd'],
    ['https://admin:pw@acme.bitrix24.ru'],
    ['https://admin@acme.bitrix24.ru'],
    ['https://acme.bitrix24.ru@evil.example'],
    ['acme.bitrix24.ru@evil.example'],
    ['https://:pw@acme.bitrix24.ru'],
    ['acme.bitrix24.ru.'],
    ['https://acme.bitrix24.ru./'],
    ['*.bitrix24.ru'],
    ['https://%2a.bitrix24.ru'],
    ['acme bitrix24.ru'],
    ['acme.bitrix24.ru:99999'],
    ['acme.bitrix24.ru:port'],
    ['https://[::1'],
    ['https://acme<script>.bitrix24.ru'],
    [`${'a'.repeat(300)}.bitrix24.ru`],
  ])('when it is %j › finds no portal', (text) => {
    expect(parsePortal(text)).toBe(undefined);
  });
});

describe('parseAllowedPortals()', () => {
  describe('when portals and regions are mixed', () => {
    it('keeps both in the order they were written', () => {
      const portals = parseAllowedPortals(
        ' *.bitrix24.RU, http://box.local:8080 ,https://acme.bitrix24.com, ,*.bitrix24.com',
      );

      expect(portals.listed.map(({ origin }) => origin)).toEqual([
        'http://box.local:8080',
        'https://acme.bitrix24.com',
      ]);
      expect(portals.patterns).toEqual(['*.bitrix24.ru', '*.bitrix24.com']);
    });
  });

  it.each([
    [''],
    [' , '],
    ['*'],
    ['*.'],
    ['*.ru'],
    ['*.*.ru'],
    ['**.bitrix24.ru'],
    ['*bitrix24.ru'],
    ['*.bitrix24.ru/'],
    ['*.bitrix24.ru:443'],
    ['https://*.bitrix24.ru'],
    ['acme.*.ru'],
    ['https://acme.bitrix24.com,https://me:pw@other.example'],
  ])('when it is %j › refuses in plain words', (text) => {
    expect(() => parseAllowedPortals(text)).toThrow(/cannot read|must name/);
  });
});

describe('findListed()', () => {
  const portals = parseAllowedPortals(
    'https://acme.bitrix24.com,http://b24-dev-80.local,http://box.local:8080,http://box.local:80,https://own.example:8443,http://both.example,https://both.example,*.bitrix24.ru',
  );

  it.each([
    ['https://acme.bitrix24.com', 'https://acme.bitrix24.com'],
    ['https://acme.bitrix24.com/', 'https://acme.bitrix24.com'],
    ['acme.bitrix24.com', 'https://acme.bitrix24.com'],
    ['ACME.bitrix24.com', 'https://acme.bitrix24.com'],
    ['b24-dev-80.local', 'http://b24-dev-80.local'],
    ['http://b24-dev-80.local', 'http://b24-dev-80.local'],
    ['box.local:8080', 'http://box.local:8080'],
    ['box.local:80', 'http://box.local'],
    ['own.example:8443', 'https://own.example:8443'],
    ['https://both.example', 'https://both.example'],
    ['http://both.example', 'http://both.example'],
    ['both.example', 'https://both.example'],
  ])('when %j is asked for › finds %s', (text, origin) => {
    expect(portals.findListed(text)?.origin).toBe(origin);
  });

  it.each([
    [''],
    ['http://acme.bitrix24.com'],
    ['https://b24-dev-80.local'],
    ['https://box.local:8080'],
    ['own.example'],
    ['acme.bitrix24.com:8443'],
    ['acme.bitrix24.com.'],
    ['acme.bitrix24.com.evil.example'],
    ['evil.example/acme.bitrix24.com'],
    ['evil.example#acme.bitrix24.com'],
    ['acme.bitrix24.com@evil.example'],
    ['evil.example\\@acme.bitrix24.com'],
    ['any.bitrix24.ru'],
    ['https://any.bitrix24.ru'],
    ['*.bitrix24.ru'],
    ['bitrix24.com'],
  ])('when %j is asked for › finds nothing', (text) => {
    expect(portals.findListed(text)).toBe(undefined);
  });
});

describe('findAllowed()', () => {
  const portals = parseAllowedPortals('https://acme.bitrix24.com,*.bitrix24.ru');

  it.each([
    ['acme.bitrix24.com', 'https://acme.bitrix24.com'],
    ['any.bitrix24.ru', 'https://any.bitrix24.ru'],
    ['ANY.BITRIX24.RU', 'https://any.bitrix24.ru'],
    ['https://any.bitrix24.ru/company/', 'https://any.bitrix24.ru'],
    ['https://any.bitrix24.ru:443', 'https://any.bitrix24.ru'],
    ['b24-x1_y.bitrix24.ru', 'https://b24-x1_y.bitrix24.ru'],
  ])('when %j is typed › allows %s', (text, origin) => {
    expect(portals.findAllowed(text)?.origin).toBe(origin);
  });

  it.each([
    ['bitrix24.ru'],
    ['.bitrix24.ru'],
    ['https://.bitrix24.ru'],
    ['..bitrix24.ru'],
    ['a.b.bitrix24.ru'],
    ['anybitrix24.ru'],
    ['http://any.bitrix24.ru'],
    ['any.bitrix24.ru:8443'],
    ['any.bitrix24.ru.'],
    ['any.bitrix24.ru.evil.example'],
    ['any.bitrix24.ru%2eevil.example'],
    ['any.bitrix24.ru。evil.example'],
    ['evil.example/.bitrix24.ru'],
    ['evil.example?.bitrix24.ru'],
    ['evil.example#.bitrix24.ru'],
    ['evil.example\\.bitrix24.ru'],
    ['evil.example:80@any.bitrix24.ru'],
    ['any.bitrix24.ru@evil.example'],
    ['any.bitrix24.com'],
    ['any.bitrix24.rus'],
    ['any.bitrix24.ru.ru'],
    ['127.0.0.1'],
    ['localhost'],
    ['*.bitrix24.ru'],
  ])('when %j is typed › refuses', (text) => {
    expect(portals.findAllowed(text)).toBe(undefined);
  });
});

describe('what is built from a portal', () => {
  it('when the portal has a port › keeps it', () => {
    const portal = aPortal('http://box.local:8080');

    expect(authorizationEndpoint(portal).href).toBe('http://box.local:8080/oauth/authorize/');
    expect(companyPage(portal, 42)).toBe('http://box.local:8080/crm/company/details/42/');
    expect(leadPage(portal, 42)).toBe('http://box.local:8080/crm/lead/details/42/');
    expect(itemPage(portal, 128, 42)).toBe('http://box.local:8080/crm/type/128/details/42/');
  });
});

describe('parseClientEndpoint()', () => {
  it.each([
    ['https://acme.bitrix24.com', 'https://acme.bitrix24.com/rest/', 'https://acme.bitrix24.com/rest/'],
    ['https://acme.bitrix24.com', 'https://ACME.bitrix24.com/rest/', 'https://acme.bitrix24.com/rest/'],
    ['https://acme.bitrix24.com', 'https://acme.bitrix24.com:443/rest/', 'https://acme.bitrix24.com/rest/'],
    ['http://box.local:8080', 'http://box.local:8080/rest/', 'http://box.local:8080/rest/'],
    ['http://box.local', 'http://box.local:80/rest/', 'http://box.local/rest/'],
    ['http://box.local', 'https://box.local/rest/', 'https://box.local/rest/'],
    ['https://own.example:8443', 'https://own.example:8443/rest/', 'https://own.example:8443/rest/'],
  ])('when the portal is %s and it is %s › takes it', (portal, endpoint, href) => {
    expect(parseClientEndpoint(endpoint, aPortal(portal)).href).toBe(href);
  });

  it.each([
    ['https://evil.example/rest/'],
    ['https://acme.bitrix24.com.evil.example/rest/'],
    ['https://evil.example/acme.bitrix24.com/rest/'],
    ['https://evil-acme.bitrix24.com/rest/'],
    ['https://other.bitrix24.com/rest/'],
    ['https://a.acme.bitrix24.com/rest/'],
    ['https://acme.bitrix24.ru/rest/'],
    ['https://acme.bitrix24.com@evil.example/rest/'],
    ['https://acme.bitrix24.com:443@evil.example/rest/'],
    ['https://evil.example#@acme.bitrix24.com/rest/'],
    ['https://evil.example\\@acme.bitrix24.com/rest/'],
    ['https://me:pw@acme.bitrix24.com/rest/'],
    ['https://me@acme.bitrix24.com/rest/'],
    ['http://acme.bitrix24.com/rest/'],
    ['http://acme.bitrix24.com:443/rest/'],
    ['https://acme.bitrix24.com:8443/rest/'],
    ['https://acme.bitrix24.com./rest/'],
    ['https://acme.bitrix24.com/'],
    ['https://acme.bitrix24.com/rest'],
    ['https://acme.bitrix24.com/REST/'],
    ['https://acme.bitrix24.com/rest/1/secret/'],
    ['https://acme.bitrix24.com/rest/../other/'],
    ['https://acme.bitrix24.com//rest/'],
    ['https://acme.bitrix24.com/rest//'],
    ['https://acme.bitrix24.com/rest/?to=evil'],
    ['https://acme.bitrix24.com/rest/?'],
    ['https://acme.bitrix24.com/rest/#'],
    ['https://acme.bitrix24.com/rest/#x'],
    ['https://acme.bitrix24.com/%72est/'],
    ['https://acme.bitrix24.com/rest%2f'],
    ['ftp://acme.bitrix24.com/rest/'],
    ['javascript:alert(1)//acme.bitrix24.com/rest/'],
    ['//acme.bitrix24.com/rest/'],
    ['/rest/'],
    ['acme.bitrix24.com/rest/'],
    ['https://127.0.0.1/rest/'],
    ['https://[::1]/rest/'],
    ['https://169.254.169.254/rest/'],
    ['https:// acme.bitrix24.com/rest/'],
    ['https://xn--acme-.bitrix24.com/rest/'],
    ['https://аcme.bitrix24.com/rest/'],
    [''],
  ])('when it is %j › refuses it', (endpoint) => {
    expect(() => parseClientEndpoint(endpoint, aPortal())).toThrow(PortalMismatchError);
  });

  it.each([
    ['https://own.example:8443', 'https://own.example/rest/'],
    ['https://own.example:8443', 'http://own.example:8443/rest/'],
    ['http://box.local:8080', 'http://box.local/rest/'],
    ['http://box.local:8080', 'http://box.local:8081/rest/'],
    ['http://box.local', 'https://box.local:8443/rest/'],
  ])('when the portal is %s and it is %s › refuses another port', (portal, endpoint) => {
    expect(() => parseClientEndpoint(endpoint, aPortal(portal))).toThrow(PortalMismatchError);
  });

  it('when it is refused › says which field, what came and what is expected, and no more of the address', () => {
    const refusing = () =>
      parseClientEndpoint('https://me:CANARY@evil.example:8443/rest/1/CANARY/?CANARY', aPortal());

    expect(refusing).toThrow(
      expect.objectContaining({
        code: 'portal_mismatch',
        status: 400,
        message:
          'client_endpoint is not that of this sign-in: https://evil.example:8443 came, https://acme.bitrix24.com is expected',
      }),
    );
  });
});

describe('pickAuthorizationServer()', () => {
  const pick = (claims: { domain?: unknown; serverDomain?: unknown }, portal = aPortal()) =>
    pickAuthorizationServer({ domain: claims.domain, serverDomain: claims.serverDomain }, portal, SERVERS);

  it.each<[string, { domain?: unknown; serverDomain?: unknown }, URL]>([
    ['nothing is claimed', {}, INFO],
    ['only the portal is named', { domain: 'acme.bitrix24.com' }, INFO],
    ['the portal is named in capitals', { domain: 'ACME.Bitrix24.com' }, INFO],
    ['the first server is named', { domain: 'acme.bitrix24.com', serverDomain: 'oauth.bitrix.info' }, INFO],
    [
      'the second server is named',
      { domain: 'acme.bitrix24.com', serverDomain: 'oauth.bitrix24.tech' },
      TECH,
    ],
    ['a server is named in capitals', { serverDomain: 'OAUTH.BITRIX24.TECH' }, TECH],
    ['a server with a port is named', { serverDomain: '127.0.0.1:8052' }, LOCAL],
  ])('when %s › picks one of our own list', (_, claims, server) => {
    expect(pick(claims)).toBe(server);
  });

  it('when the portal has a port › takes its name with and without it', () => {
    const portal = aPortal('http://box.local:8080');

    expect(pick({ domain: 'box.local' }, portal)).toBe(INFO);
    expect(pick({ domain: 'box.local:8080' }, portal)).toBe(INFO);
  });

  it.each<[unknown]>([
    ['evil.example'],
    ['other.bitrix24.com'],
    ['acme.bitrix24.com.evil.example'],
    ['https://acme.bitrix24.com'],
    ['acme.bitrix24.com:8443'],
    ['acme.bitrix24.com.'],
    [' acme.bitrix24.com'],
    [''],
    [['acme.bitrix24.com']],
    [['acme.bitrix24.com', 'acme.bitrix24.com']],
    [{ toString: 'x' }],
    [null],
    [7],
  ])('when domain is %j › refuses', (domain) => {
    expect(() => pick({ domain })).toThrow('domain');
  });

  it.each<[unknown]>([
    ['evil.example'],
    ['oauth.bitrix.info.evil.example'],
    ['oauth.bitrix.info@evil.example'],
    ['oauth.bitrix.info:8443'],
    ['oauth.bitrix.info/'],
    ['https://oauth.bitrix.info'],
    ['127.0.0.1'],
    ['127.0.0.1:80'],
    ['bitrix.info'],
    [''],
    [['oauth.bitrix.info']],
    [['oauth.bitrix.info', 'oauth.bitrix.info']],
    [null],
    [7],
  ])('when server_domain is %j › refuses', (serverDomain) => {
    expect(() => pick({ serverDomain })).toThrow('server_domain');
  });

  it('when an unlisted server is named › names it and the setting that lacks it', () => {
    expect(() => pick({ serverDomain: 'OAuth.own.example:8443' })).toThrow(
      'the portal names authorization server oauth.own.example:8443, which BITRIX24_AUTHORIZATION_SERVERS lacks',
    );
  });

  it.each<[unknown]>([['CANARY CANARY'], ['https://me:CANARY@evil.example/'], [['CANARY']]])(
    'when what is named is no host but %j › repeats nothing of it',
    (claim) => {
      expect(() => pick({ serverDomain: claim })).toThrow(
        expect.objectContaining({ message: expect.not.stringMatching(/canary/i) }),
      );
      expect(() => pick({ domain: claim })).toThrow(
        expect.objectContaining({ message: expect.not.stringMatching(/canary/i) }),
      );
    },
  );
});
