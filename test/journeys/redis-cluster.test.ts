import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HOUR } from '../support/clock.ts';
import { type RedisCluster, startRedisCluster } from '../support/redis-cluster.ts';
import { addReadmeUser } from '../support/redis-user.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

/**
 * Whether every command names keys of one slot shows only on a Cluster; the batteries of test/contract run on one too.
 * The user is the limited one of the README.
 */
describe('the main journeys on a Redis Cluster', () => {
  let cluster: RedisCluster;
  let app: TestApp;
  beforeAll(async () => {
    cluster = await startRedisCluster();
    await Promise.all(cluster.nodes.map(({ client }) => addReadmeUser(client)));
    app = await startApp({ redisUrl: cluster.url.replace('://', '://companies:PASSWORD@') });
  });
  afterAll(async () => {
    await app.stop();
    await cluster.stop();
  });

  it('go: sign in, list, renew, look at the account, sign out', async () => {
    const [agent, another] = [app.agent(), app.agent()];

    const list = await app.signIn(agent);
    await app.signIn(another);
    app.clock.advance(HOUR);
    const renewed = await agent.visit(`${app.origin}/companies?q=Gam`);
    const account = await agent.visit(`${app.origin}/account`);
    const out = await agent.post(`${app.origin}/logout`);
    const afterwards = await agent.request(`${app.origin}/companies`);
    const elsewhere = await another.visit(`${app.origin}/companies`);

    expect(list.text).toContain('Alpha');
    expect(renewed.text).toContain('1 company with “Gam” in its title');
    expect(app.emulator.requests.filter(({ grantType }) => grantType === 'refresh_token')).toHaveLength(1);
    expect(account.status).toBe(200);
    expect(out.text).toContain('signed out');
    expect(afterwards.status).toBe(303);
    expect(elsewhere.status).toBe(200);
  });

  it('go on when the slot of the tokens has moved to another node', async () => {
    const agent = app.agent();
    await app.signIn(agent);
    const memberId = app.emulator.portals[0]?.memberId;

    await cluster.moveSlot(`b24:tokens:{${memberId}}`);
    app.clock.advance(HOUR);

    expect((await agent.visit(`${app.origin}/companies`)).text).toContain('Alpha');
  });

  it('have needed nothing that this user may not do', async () => {
    const refused = await Promise.all(cluster.nodes.map(({ client }) => client.call('ACL', 'LOG')));

    expect(refused).toEqual([[], [], []]);
  });
});
