import { request as httpRequest } from 'node:http';

import { describe, expect, it } from '@jest/globals';

import { aCompany, aPortal, aPortalUser, callRest, form, idsOf, read, start, tokensFor } from './support.ts';

describe('how a method is called', () => {
  it.each(['profile', 'profile.json', 'profile/', 'PROFILE', 'Profile.JSON'])(
    'when the path ends in %s › it is the same method',
    async (path) => {
      const { emulator, portal } = await start();

      const { status } = await callRest(tokensFor(portal), path);

      expect(status).toBe(200);
      expect(emulator.requests.at(-1)?.restMethod).toBe('profile');
    },
  );

  it.each(['/rest//profile', '//rest/profile', '/rest//profile.json', '//rest///profile/'])(
    'when the path has repeated slashes, %s › it is the same method, and the record keeps the path',
    async (path) => {
      const { emulator, portal } = await start();

      const { status } = await fetch(`${portal.origin}${path}?auth=${tokensFor(portal).accessToken}`).then(
        read,
      );

      expect(status).toBe(200);
      expect(emulator.requests.at(-1)).toMatchObject({ kind: 'rest', restMethod: 'profile', path });
    },
  );

  it('when a query or form has nested parameters in the PHP format › they are parsed', async () => {
    const companies = ['1', '2', '3'].map((ID) => aCompany({ ID }));
    const { portal } = await start({ portals: [aPortal({ companies })] });
    const { clientEndpoint, accessToken } = tokensFor(portal);
    const params = new URLSearchParams([
      ['auth', accessToken],
      ['filter[@ID][]', '1'],
      ['filter[@ID][]', '3'],
      ['order[ID]', 'DESC'],
      ['select[0]', 'ID'],
    ]);

    const byQuery = await fetch(`${clientEndpoint}crm.company.list?${params}`).then(read);
    const byForm = await fetch(`${clientEndpoint}crm.company.list`, { method: 'POST', body: params }).then(
      read,
    );

    expect(idsOf(byQuery)).toEqual(['3', '1']);
    expect(idsOf(byForm)).toEqual(['3', '1']);
  });

  const TOKEN = 'the token';
  const jsonType = { 'content-type': 'application/json' };
  const list = { filter: { '@ID': [1, 3] }, order: { ID: 'DESC' }, select: ['ID'] };
  const listForm = 'filter[@ID][]=1&filter[@ID][]=3&order[ID]=DESC&select[]=ID';

  /** Requests as public clients send them; `TOKEN` stands for the access token. */
  it.each<[string, string, RequestInit]>([
    ['GET with a query', `crm.company.list?auth=${TOKEN}&${listForm}`, {}],
    [
      'GET with an encoded query',
      `crm.company.list?auth=${TOKEN}&filter%5B%40ID%5D%5B0%5D=1&filter%5B%40ID%5D%5B1%5D=3&order%5BID%5D=DESC&select%5B0%5D=ID`,
      {},
    ],
    [
      'GET with the token in a header',
      `crm.company.list?${listForm}`,
      { headers: { authorization: `Bearer ${TOKEN}` } },
    ],
    [
      'POST with a form',
      'crm.company.list.json',
      { method: 'POST', body: new URLSearchParams(`auth=${TOKEN}&${listForm}`) },
    ],
    [
      'POST with JSON',
      'crm.company.list',
      { method: 'POST', headers: jsonType, body: JSON.stringify({ auth: TOKEN, ...list }) },
    ],
    [
      'POST with JSON and the token in the query',
      `crm.company.list.json?auth=${TOKEN}`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json; charset=utf-8' },
        body: JSON.stringify(list),
      },
    ],
    [
      'POST with JSON and the token in a header',
      'crm.company.list/',
      {
        method: 'POST',
        headers: { ...jsonType, authorization: `bearer ${TOKEN}` },
        body: JSON.stringify(list),
      },
    ],
    [
      'POST with a token called access_token',
      'crm.company.list',
      { method: 'POST', headers: jsonType, body: JSON.stringify({ access_token: TOKEN, ...list }) },
    ],
    [
      'POST with plain text, which is read like a form',
      'crm.company.list',
      { method: 'POST', headers: { 'content-type': 'text/plain' }, body: `auth=${TOKEN}&${listForm}` },
    ],
    ['POST with a query and no body', `crm.company.list?auth=${TOKEN}&${listForm}`, { method: 'POST' }],
    ['capital letters in the method', `CRM.Company.List.JSON?auth=${TOKEN}&${listForm}`, {}],
    [
      'parameters in capitals',
      `crm.company.list?auth=${TOKEN}&FILTER[@ID][]=1&FILTER[@ID][]=3&ORDER[ID]=DESC&SELECT[]=ID`,
      {},
    ],
    [
      'parameters with a capital',
      `crm.company.list?auth=${TOKEN}&Filter[@ID][]=1&Filter[@ID][]=3&Order[ID]=DESC&Select[]=ID`,
      {},
    ],
    [
      'parameters with their old names',
      `crm.company.list?auth=${TOKEN}&arFilter[@ID][]=1&arFilter[@ID][]=3&arOrder[ID]=DESC&arSelect[]=ID`,
      {},
    ],
  ])('when a client sends %s › it is understood', async (_, path, init) => {
    const { portal } = await start({
      portals: [aPortal({ companies: ['1', '2', '3'].map((ID) => aCompany({ ID })) })],
    });
    const { clientEndpoint, accessToken } = tokensFor(portal);
    const withToken = <Value>(value: Value): Value =>
      JSON.parse(JSON.stringify(value ?? null).replaceAll(TOKEN, accessToken)) as Value;
    const body =
      init.body == null
        ? undefined
        : String(init.body).replace('the+token', TOKEN).replaceAll(TOKEN, accessToken);
    const headers = {
      ...(init.body instanceof URLSearchParams && { 'content-type': 'application/x-www-form-urlencoded' }),
      ...withToken(init.headers),
    };

    const answer = await fetch(clientEndpoint + path.replace(TOKEN, accessToken), {
      method: init.method ?? 'GET',
      headers,
      ...(body !== undefined && { body }),
    }).then(read);

    expect(answer.status).toBe(200);
    expect(answer.body.result).toEqual([{ ID: '3' }, { ID: '1' }]);
  });

  it.each([
    ['user.get', { arFilter: { ID: 99 } }],
    ['crm.item.list', { entityTypeId: 4, arFilter: { id: 99 } }],
  ])('when %s gets a parameter by an old name › it does not know it', async (method, params) => {
    const { portal } = await start({ portals: [aPortal({ companies: [aCompany()] })] });

    const { status, body } = await callRest(tokensFor(portal), method, params);

    expect(status).toBe(200);
    expect(body.total).toBe(1);
  });

  it('when a GET has a JSON body › it is not read', async () => {
    const { portal } = await start();
    const { clientEndpoint, accessToken } = tokensFor(portal);

    // fetch refuses to send such a request.
    const sent = JSON.stringify({ auth: accessToken });
    const headers = { ...jsonType, 'content-length': Buffer.byteLength(sent) };
    const status = await new Promise((resolve, reject) => {
      httpRequest(`${clientEndpoint}profile`, { headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end(sent);
    });

    expect(status).toBe(401);
  });

  it.each([
    ['a list', { cmd: ['profile', 'user.admin'] }, ['0', '1']],
    ['a map', { cmd: { one: 'profile', two: 'user.admin' } }, ['one', 'two']],
    ['a list in capitals', { CMD: ['profile', 'USER.ADMIN'], HALT: 1 }, ['0', '1']],
  ])('when the commands of a batch are %s › both run', async (_, params, keys) => {
    const { portal } = await start();

    const { body } = await callRest(tokensFor(portal), 'batch', params);

    const { result } = body.result as { result: object };
    expect(Object.keys(result)).toEqual(keys);
    expect(Object.values(result)).toEqual([expect.objectContaining({ ID: '1' }), true]);
  });

  it.each([
    [1, 1],
    [true, 1],
    ['1', 1],
    ['false', 1],
    [0, 2],
    [false, 2],
    ['0', 2],
    ['', 2],
  ])('when halt is %j › %d of two commands run, as PHP reads it', async (halt, ran) => {
    const { portal } = await start();

    const { body } = await callRest(tokensFor(portal), 'batch', {
      halt,
      cmd: ['crm.nothing', 'crm.nothing'],
    });

    expect(Object.keys((body.result as { result_error: object }).result_error)).toHaveLength(ran);
  });

  it('when the body is multipart › it is read as a form', async () => {
    const { portal } = await start();
    const { clientEndpoint, accessToken } = tokensFor(portal);
    const body = new FormData();
    body.set('auth', accessToken);

    const { status } = await fetch(`${clientEndpoint}profile`, { method: 'POST', body }).then(read);

    expect(status).toBe(200);
  });

  it('when query and body disagree › the body wins', async () => {
    const companies = ['1', '2'].map((ID) => aCompany({ ID }));
    const { portal } = await start({ portals: [aPortal({ companies })] });
    const { clientEndpoint, accessToken } = tokensFor(portal);

    const { body } = await fetch(`${clientEndpoint}crm.company.get?id=1`, {
      method: 'POST',
      body: form({ auth: accessToken, id: '2' }),
    }).then(read);

    expect(body.result).toHaveProperty('ID', '2');
  });

  it('when a parameter is called __proto__ › it is an ordinary parameter', async () => {
    const { portal } = await start();
    const { clientEndpoint, accessToken } = tokensFor(portal);

    const { status } = await fetch(
      `${clientEndpoint}crm.company.list?auth=${accessToken}&__proto__[x]=1&filter[__proto__]=1&filter[constructor]=2`,
    ).then(read);

    expect(status).toBe(200);
    expect({}).not.toHaveProperty('x');
  });
});

describe('how a method answers in XML', () => {
  const xml = async (
    path: string,
    portal = aPortal({ companies: [aCompany({ ID: '1', TITLE: `A & <b> "c" 'd'` })] }),
  ) => {
    const stage = await start({ portals: [portal] });
    const { clientEndpoint, accessToken } = tokensFor(stage.portal);
    return fetch(`${clientEndpoint}${path}${path.includes('?') ? '&' : '?'}auth=${accessToken}`).then(read);
  };

  it('when the method ends in .xml › keys are elements, list items are called item', async () => {
    const { status, headers, text } = await xml('crm.company.list.xml?select[]=TITLE');

    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/xml; charset=utf-8');
    expect(text).toMatch(
      /^<response><result><item><ID>1<\/ID><TITLE>A &amp; &lt;b&gt; &quot;c&quot; &apos;d&apos;<\/TITLE><\/item><\/result><total>1<\/total><time><start>[\d.]+<\/start>/,
    );
    expect(text).toMatch(/<\/time><\/response>$/);
  });

  it('when values are true, false or null › they are 1 or empty', async () => {
    const { text } = await xml(
      'batch.XML?cmd[a]=user.admin&cmd[b]=app.option.get?option=x&cmd[c]=access.name',
    );

    expect(text).toContain('<result><result><a>1</a><b></b><c></c></result><result_error></result_error>');
  });

  it('when it fails › the refusal is XML too, with its status', async () => {
    const { status, headers, text } = await xml('crm.company.get.xml?id=99');

    expect(status).toBe(400);
    expect(headers.get('content-type')).toBe('text/xml; charset=utf-8');
    expect(text).toBe('<response><error></error><error_description>Not found</error_description></response>');
  });
});

describe('how a method answers', () => {
  it('when it succeeds › has the headers of a portal', async () => {
    const { portal } = await start();

    const { headers } = await callRest(tokensFor(portal), 'profile');

    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(headers.get('access-control-allow-headers')).toBe('origin, content-type, accept');
  });

  it('when it succeeds › has time, with the offset of the portal', async () => {
    const portals = [aPortal({ utcOffset: '+03:00' })];
    const { portal } = await start({ portals, now: () => 1_790_000_000_000 });

    const { body } = await callRest(tokensFor(portal), 'profile');

    expect(body.time).toMatchObject({
      start: 1_790_000_000,
      duration: expect.any(Number),
      processing: expect.any(Number),
      date_start: '2026-09-21T17:13:20+03:00',
      operating: 0,
      operating_reset_at: expect.any(Number),
    });
  });

  it('when it fails › has no time', async () => {
    const { portal } = await start();

    const { body } = await callRest(tokensFor(portal), 'crm.company.get', { id: 99 });

    expect(Object.keys(body)).toEqual(['error', 'error_description']);
  });

  it('when names are not ASCII › they are sent as UTF-8', async () => {
    const users = [aPortalUser({ name: 'Анна', lastName: '🍕' })];
    const { portal } = await start({ portals: [aPortal({ users })] });

    const { text } = await callRest(tokensFor(portal), 'profile');

    expect(text).toContain('"NAME":"Анна","LAST_NAME":"🍕"');
  });
});
