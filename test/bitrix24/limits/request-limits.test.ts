import { describe, expect, it } from '@jest/globals';
import type { RequestLimit } from '../../../src/bitrix24/limits/request-bucket.ts';
import { parseRequestLimits, USUAL_LIMIT } from '../../../src/bitrix24/limits/request-limits.ts';
import { parsePortal } from '../../../src/bitrix24/portal.ts';

/** The limit that a setting gives the portal at an address. */
function limitOf(setting: string, address: string): RequestLimit | undefined {
  const portal = parsePortal(address);
  if (portal === undefined) throw new Error(`${address} is no portal`);
  return parseRequestLimits(setting).of(portal);
}

describe('parseRequestLimits()', () => {
  it.each([
    'acme.bitrix24.com',
    'acme.bitrix24.ru',
    'acme.bitrix24.com.br',
    'https://ACME.Bitrix24.com',
    'a.b.bitrix24.com',
    'xn--80akhbyknj4f.bitrix24.ru',
  ])('when the pattern is that of the cloud › %s has the limit of the cloud', (address) => {
    expect(limitOf('*.bitrix24.*=50/2', address)).toEqual({ burst: 50, perSecond: 2 });
  });

  it.each([
    'crm.acme.com',
    'bitrix24.com',
    'acme.bitrix24',
    'acmebitrix24.com',
    'acme.bitrix24x.com',
    'acme.bitrix240com.net',
  ])('when the pattern is that of the cloud › %s has none', (address) => {
    expect(limitOf('*.bitrix24.*=50/2', address)).toBe(undefined);
  });

  it('when a pattern holds a dot › the dot stands for nothing but itself', () => {
    expect(limitOf('*.acme.com=9/1', 'crm.acmeXcom')).toBe(undefined);
  });

  it('when a pattern ends › so does the host', () => {
    expect(limitOf('crm.*.com=9/1', 'crm.acme.com.evil.net')).toBe(undefined);
    expect(limitOf('crm.*.com=9/1', 'my.crm.acme.com')).toBe(undefined);
  });

  it.each(['crm.acme.com=250/5,*.acme.com=50/2', '*.acme.com=50/2,crm.acme.com=250/5'])(
    'when %s › the host that is written out goes before the pattern',
    (setting) => {
      expect(limitOf(setting, 'crm.acme.com')).toEqual({ burst: 250, perSecond: 5 });
      expect(limitOf(setting, 'hr.acme.com')).toEqual({ burst: 50, perSecond: 2 });
    },
  );

  it('when two patterns match › the first one holds', () => {
    expect(limitOf('big.*=250/5,*.acme.com=50/2', 'big.acme.com')).toEqual({ burst: 250, perSecond: 5 });
    expect(limitOf('*.acme.com=50/2,big.*=250/5', 'big.acme.com')).toEqual({ burst: 50, perSecond: 2 });
  });

  describe('when the portal has a port', () => {
    const BOX = 'http://box.local:8080';

    it('an entry with that port holds', () => {
      expect(limitOf('box.local:8080=9/1', BOX)).toEqual({ burst: 9, perSecond: 1 });
    });

    it('an entry with another port does not', () => {
      expect(limitOf('box.local:8081=9/1', BOX)).toBe(undefined);
    });

    it.each(['box.local=9/1', '*.local=9/1'])('an entry without a port holds: %s', (setting) => {
      expect(limitOf(setting, BOX)).toEqual({ burst: 9, perSecond: 1 });
    });

    it.each(['box.local=9/1,box.local:8080=7/3', 'box.local:8080=7/3,box.local=9/1'])(
      'the entry with the port goes before the one without: %s',
      (setting) => {
        expect(limitOf(setting, BOX)).toEqual({ burst: 7, perSecond: 3 });
      },
    );

    it('an address in brackets may be written out', () => {
      expect(limitOf('[::1]:8080=9/1', 'http://[::1]:8080')).toEqual({ burst: 9, perSecond: 1 });
      expect(limitOf('[::1]=9/1', 'http://[::1]:8080')).toEqual({ burst: 9, perSecond: 1 });
    });

    // Accepted, and never matched: a pattern is compared with the host without its port.
    it('a pattern with that port holds', () => {
      expect(limitOf('*.local:8080=9/1', BOX)).toEqual({ burst: 9, perSecond: 1 });
    });
  });

  it('when letters are large and there is space around › reads it all the same', () => {
    expect(limitOf('  CRM.Acme.COM=9/1 ,  *.Bitrix24.*=50/2 , ', 'crm.acme.com')).toEqual({
      burst: 9,
      perSecond: 1,
    });
    expect(limitOf('CRM.Acme.COM=9/1,*.Bitrix24.*=50/2', 'x.bitrix24.eu')).toEqual({
      burst: 50,
      perSecond: 2,
    });
  });

  it.each([
    ['a.b=1/0.5', { burst: 1, perSecond: 0.5 }],
    ['a.b=99999/9999.999', { burst: 99_999, perSecond: 9999.999 }],
    ['my_box-1.b=12/3', undefined],
  ])('when the setting is %s › a.b has %j', (setting, limit) => {
    expect(limitOf(setting, 'a.b')).toEqual(limit);
  });

  it.each(['', ' ', ',', ' , '])('when the setting is %j › no portal has a limit', (setting) => {
    expect(limitOf(setting, 'acme.bitrix24.com')).toBe(undefined);
  });

  it.each([
    '*.bitrix24.*',
    '*.bitrix24.*=50',
    '*.bitrix24.*=/2',
    '*.bitrix24.*=50/',
    '*.bitrix24.*=50/2/1',
    '*.bitrix24.*=50:2',
    '*.bitrix24.*=50.5/2',
    '=50/2',
    'a.b=0/2',
    'a.b=50/0',
    'a.b=50/0.000',
    'a.b=-50/2',
    'a.b=50/-2',
    'a.b=50/2.',
    'a.b=50/1e3',
    'a.b=fifty/2',
    'a.b=100000/2',
    'a.b=50/10000',
    'a b=50/2',
    'a.b =50/2',
    'https://a.b=50/2',
    'a.b/path=50/2',
    'компания.рф=50/2',
    '(a|b)+=50/2',
  ])('when an entry is %j › names it by its number, and says how one is written', (entry) => {
    expect(() => parseRequestLimits(`first.com=50/2,${entry},third.com=50/2`)).toThrow(
      'cannot read entry 2: a limit is written like *.bitrix24.*=50/2, which is host=burst/perSecond',
    );
  });
});

describe('USUAL_LIMIT', () => {
  it('when a portal is believed to have a limit › it is that of the cloud', () => {
    expect(USUAL_LIMIT).toEqual({ burst: 50, perSecond: 2 });
  });
});
