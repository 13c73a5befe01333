import { beforeEach, describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import type { PortalRoom } from '../../src/bitrix24/limits/limit-decisions.ts';
import { measurePortals, type PortalMetrics } from '../../src/metrics/portal-metrics.ts';
import { parseExposition, sumOf } from '../support/exposition.ts';

let registry: Registry;
let portals: PortalMetrics;
beforeEach(() => {
  registry = new Registry();
  portals = measurePortals(registry, 2);
});

const aPortal = (host: string) => ({ memberId: `CANARY of ${host}`, host, hostname: host });
const [ours, theirs, another] = ['ours.example', 'theirs.example', 'another.example'].map(aPortal) as [
  ReturnType<typeof aPortal>,
  ReturnType<typeof aPortal>,
  ReturnType<typeof aPortal>,
];
const room = (overrides: Partial<PortalRoom> = {}): PortalRoom => ({
  requests: 49,
  operatingSeconds: 420,
  ...overrides,
});

async function read(): Promise<string> {
  portals.update();
  return registry.metrics();
}

describe('the metrics of portals', () => {
  it('say what is left at the moment they are read, not when the portal was last asked', async () => {
    portals.limiter.looked(ours, (ms) => room({ requests: ms < 10 ? 3 : 7 }));
    await new Promise((resolve) => setTimeout(resolve, 20));

    const text = await read();

    expect(sumOf(text, 'portal_requests_left', { portal: 'ours.example' })).toBe(7);
    expect(sumOf(text, 'portal_operating_seconds_left', { portal: 'ours.example' })).toBe(420);
  });

  it('say nothing of what is not limited, or not any more', async () => {
    portals.limiter.looked(ours, () => room());
    await read();
    portals.limiter.looked(ours, () => room({ requests: null, operatingSeconds: null }));

    const names = parseExposition(await read()).map(({ name }) => name);

    expect(names).not.toContain('bitrix24_companies_portal_requests_left');
    expect(names).not.toContain('bitrix24_companies_portal_operating_seconds_left');
  });

  it('begin with zeros, so that the first refusal is an increase', async () => {
    portals.limiter.looked(ours, () => room());
    const before = parseExposition(await read()).filter(({ name }) => name.endsWith('portal_refusals_total'));

    portals.limiter.refused(ours, 'requests');

    expect(before.map(({ labels, value }) => [labels.limit, value])).toEqual([
      ['requests', 0],
      ['operating', 0],
    ]);
    expect(sumOf(await read(), 'portal_refusals_total', { limit: 'requests' })).toBe(1);
    expect(sumOf(await read(), 'portal_refusals_total', { limit: 'operating' })).toBe(0);
  });

  it('count waits and those who were turned away, in seconds and by limit', async () => {
    portals.limiter.waited(ours, 1_500);
    portals.limiter.waited(ours, 0);
    portals.limiter.turnedAway(ours, 'operating');

    const text = await read();

    expect(sumOf(text, 'portal_wait_seconds_count', { portal: 'ours.example' })).toBe(2);
    expect(sumOf(text, 'portal_wait_seconds_sum', { portal: 'ours.example' })).toBe(1.5);
    expect(sumOf(text, 'portal_turned_away_total', { portal: 'ours.example', limit: 'operating' })).toBe(1);
  });

  it('when there are too many portals › drop the one that was not asked for longest, with all it had', async () => {
    for (const portal of [ours, theirs]) {
      portals.limiter.looked(portal, () => room());
      portals.limiter.waited(portal, 1);
      portals.limiter.refused(portal, 'requests');
      portals.limiter.turnedAway(portal, 'requests');
    }
    portals.limiter.looked(ours, () => room());

    portals.limiter.refused(another, 'operating');

    const hosts = parseExposition(await read()).map(({ labels }) => labels.portal);
    expect([...new Set(hosts)].sort()).toEqual(['another.example', 'ours.example']);
  });

  it('tell portals apart by host alone', async () => {
    portals.limiter.looked(ours, () => room());
    portals.limiter.waited(ours, 1);

    expect(await read()).not.toContain('CANARY');
  });
});
