import { describe, expect, it } from '@jest/globals';

import { SECRET_MARK } from '../../emulator/index.ts';
import { RequestLog } from '../../emulator/record/request-log.ts';
import type { HttpRequest } from '../../emulator/wire/http-request.ts';
import {
  authorize,
  authorizeUrl,
  callRest,
  DEMO_CLIENT,
  exchange,
  form,
  read,
  refresh,
  start,
  tokensFor,
} from './support.ts';

describe('the record of requests', () => {
  it('when a sign-in is complete › has all its requests in order', async () => {
    const { emulator, portal } = await start();
    const redirect = await authorize(portal, { state: 's' });
    const { body } = await exchange(emulator, redirect.searchParams.get('code') ?? '');
    await callRest({ clientEndpoint: `${portal.origin}/rest/`, accessToken: body.access_token }, 'profile');

    const story = emulator.requests.map(({ kind, httpMethod, path, status, userId }) => [
      kind,
      httpMethod,
      path,
      status,
      userId,
    ]);

    expect(story).toEqual([
      ['login', 'POST', '/oauth/authorize/', 303, undefined],
      ['authorize', 'GET', '/oauth/authorize/', 302, 1],
      ['token', 'POST', '/oauth/token/', 200, 1],
      ['rest', 'POST', '/rest/profile', 200, 1],
    ]);
  });

  it('when a token was requested › has grant type, client, portal and masked secrets', async () => {
    const { emulator, portal } = await start();
    const { refreshToken } = tokensFor(portal);
    await refresh(emulator, refreshToken);

    const [record] = emulator.requests;

    expect(record).toMatchObject({
      id: 1,
      grantType: 'refresh_token',
      clientId: DEMO_CLIENT.clientId,
      portal: portal.host,
      host: new URL(emulator.authorizationServer).host,
      memberId: portal.memberId,
      params: {
        refresh_token: `…${refreshToken.slice(-4)}`,
        client_secret: `…${DEMO_CLIENT.clientSecret.slice(-4)}`,
      },
      headers: { 'content-type': expect.stringContaining('form-urlencoded') },
    });
    expect(record?.at).toBeInstanceOf(Date);
  });

  it('when secrets came in every place › none is in a record or a printed line', async () => {
    const lines: string[] = [];
    const { emulator, portal } = await start({ print: (line) => lines.push(line) });
    const tokens = tokensFor(portal);
    await callRest(tokens, 'batch', { cmd: { a: `profile?auth=${tokens.accessToken}` } });
    await fetch(`${portal.origin}/rest/profile?access_token=${tokens.accessToken}`);
    await fetch(authorizeUrl(portal), {
      method: 'POST',
      body: form({ login: 'user1', password: 'a-long-password' }),
    });
    await exchange(emulator, portal.issueCode({ clientId: DEMO_CLIENT.clientId, userId: 1 }));

    const everything = JSON.stringify(emulator.requests) + lines.join('\n');

    expect(lines.length).toBeGreaterThan(3);
    expect(everything).not.toContain(SECRET_MARK);
    expect(everything).not.toContain(DEMO_CLIENT.clientSecret);
    expect(everything).not.toContain('a-long-password');
  });

  it('when a request failed › has the error, also an empty one', async () => {
    const { emulator, portal } = await start();
    await callRest(tokensFor(portal), 'crm.company.get', { id: 5 });

    expect(emulator.requests.at(-1)).toMatchObject({ status: 400, error: '', restMethod: 'crm.company.get' });
  });

  it('when a connection was dropped › the status is null', async () => {
    const { emulator, portal } = await start();
    emulator.orderFault({ on: 'rest', effect: { type: 'drop', when: 'after' } });
    await callRest(tokensFor(portal), 'profile').catch(() => undefined);

    expect(emulator.requests.at(-1)?.status).toBeNull();
  });

  it('when it is cleared › the same array is empty and ids continue', async () => {
    const { emulator, portal } = await start();
    const held = emulator.requests;
    await callRest(tokensFor(portal), 'profile');
    emulator.clearRequests();
    await callRest(tokensFor(portal), 'profile');

    expect(held.map(({ id }) => id)).toEqual([2]);
  });

  it('when requests are many › keeps the newest 10,000, and the parameters of the newest thousand', () => {
    const log = new RequestLog();
    const httpRequest = {
      headers: {},
      target: '/rest/batch',
      query: {},
      form: {},
      json: { cmd: ['profile'] },
    } as unknown as HttpRequest;

    for (let request = 1; request <= 25_000; request += 1) log.begin('rest', httpRequest, {});

    expect(log.requests.length).toBeLessThanOrEqual(10_000);
    expect(log.requests.length).toBeGreaterThanOrEqual(9_000);
    expect(log.requests.at(-1)).toMatchObject({ id: 25_000, params: { cmd: ['profile'] } });
    expect(log.requests.at(-1000)?.params).toEqual({ cmd: ['profile'] });
    expect(log.requests.filter(({ params }) => Object.keys(params).length > 0)).toHaveLength(1000);
  });
});

describe('the cost', () => {
  const pagesOf = async (url: string) => (await fetch(`${url}/_emulator/cost`).then(read)).body;

  it('when pages of companies are served › counts those, inside batches too, and nothing else', async () => {
    const { emulator, portal } = await start();
    const tokens = tokensFor(portal);
    await callRest(tokens, 'crm.company.list');
    await callRest(tokens, 'crm.item.list', { entityTypeId: 4 });
    await callRest(tokens, 'crm.item.list', { entityTypeId: 5 });
    await callRest(tokens, 'batch', { cmd: ['crm.company.list', 'profile', 'crm.item.list?entityTypeId=4'] });

    const cost = emulator.cost();

    expect(cost.pages).toBe(4);
    expect(cost.cpuMs).toBeGreaterThan(0);
    expect(cost.cpuMsPerPage).toBeCloseTo(cost.cpuMs / 4);
  });

  it('when it is reset › starts from zero', async () => {
    const { emulator, portal } = await start();
    await callRest(tokensFor(portal), 'crm.company.list');
    const { cpuMs } = emulator.cost();
    emulator.resetCost();

    expect(emulator.cost()).toMatchObject({ pages: 0, cpuMsPerPage: null });
    expect(emulator.cost().cpuMs).toBeLessThan(cpuMs);
  });

  it('when it is read and reset over HTTP › gives the same figures', async () => {
    const { emulator, portal } = await start();
    await callRest(tokensFor(portal), 'crm.company.list');
    const before = await pagesOf(emulator.authorizationServer);

    const { status } = await fetch(`${emulator.authorizationServer}/_emulator/cost`, { method: 'DELETE' });

    expect(before).toEqual({
      pages: 1,
      cpuMs: expect.any(Number),
      cpuMsPerPage: expect.any(Number),
      refusals: {},
    });
    expect(status).toBe(204);
    expect(await pagesOf(emulator.authorizationServer)).toMatchObject({ pages: 0, cpuMsPerPage: null });
  });
});

describe('/_emulator/', () => {
  const post = (url: string, body: unknown) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }).then(read);

  it('when a program requests the record › gets JSON of the requests since an id', async () => {
    const { emulator, portal } = await start();
    await callRest(tokensFor(portal), 'profile');
    await callRest(tokensFor(portal), 'scope');

    const { body } = await fetch(`${emulator.authorizationServer}/_emulator/requests?since=1`).then(read);

    expect(body.requests).toEqual([expect.objectContaining({ id: 2, restMethod: 'scope' })]);
  });

  it('when a browser requests the record › gets a table', async () => {
    const { emulator, portal } = await start();
    await fetch(authorizeUrl(portal, { state: '<b>' }));

    const page = await fetch(`${emulator.authorizationServer}/_emulator/requests`, {
      headers: { accept: 'text/html' },
    }).then(read);

    expect(page.text).toContain('GET /oauth/authorize/');
    expect(page.text).not.toContain('<b>');
  });

  it('when a fault is ordered over HTTP › it applies, and can be cancelled', async () => {
    const { emulator, portal } = await start();
    const control = `${emulator.authorizationServer}/_emulator/faults`;
    const effect = { type: 'error', status: 500, error: 'ordered' };
    const ordered = await post(control, { on: 'rest', times: 'Infinity', effect });
    const { status } = await callRest(tokensFor(portal), 'profile');

    await fetch(`${control}/${ordered.body.id}`, { method: 'DELETE' });

    expect(ordered.status).toBe(201);
    expect(status).toBe(500);
    expect((await callRest(tokensFor(portal), 'profile')).status).toBe(200);
  });

  it('when a held request is released over HTTP › it continues', async () => {
    const { emulator, portal } = await start();
    const control = `${emulator.authorizationServer}/_emulator/faults`;
    const { body } = await post(control, { on: 'rest', effect: { type: 'hold', when: 'after' } });
    const held = callRest(tokensFor(portal), 'profile');

    await fetch(`${control}/${body.id}/release`, { method: 'POST' });

    expect((await held).status).toBe(200);
  });

  it('when a fault is invalid › says what is wrong', async () => {
    const { emulator } = await start();

    const { status, body } = await post(`${emulator.authorizationServer}/_emulator/faults`, {
      on: 'nowhere',
      effect: { type: 'half' },
    });

    expect(status).toBe(400);
    expect(body.error_description).toContain('on');
  });

  it('when the clock is advanced over HTTP › tokens expire', async () => {
    const { emulator, portal } = await start();
    const tokens = tokensFor(portal);
    await post(`${emulator.authorizationServer}/_emulator/clock`, { advanceMs: 3_600_000 });

    const { body } = await callRest(tokens, 'profile');

    expect(body.error).toBe('expired_token');
  });

  it('when a browser opens it › shows portals, users and applications', async () => {
    const { emulator, portal } = await start();

    const page = await fetch(`${emulator.authorizationServer}/_emulator/`).then(read);

    expect(page.text).toContain(portal.memberId);
    expect(page.text).toContain('user1');
    expect(page.text).toContain(DEMO_CLIENT.clientId);
  });
});
