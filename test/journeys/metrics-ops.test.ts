import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SECRET_MARK } from '../../emulator/index.ts';
import { parseExposition, type Sample } from '../support/exposition.ts';
import { type MeasuredServer, startMeasuredServer } from '../support/measured-server.ts';

const OPS = join(import.meta.dirname, '../../ops');

/** What Prometheus adds to every sample by itself. */
const ADDED = ['job', 'instance', 'le'];

let server: MeasuredServer;
let text: string;
let samples: Sample[];
/** All that may be asked for, the parts of histograms too. */
let names: Set<string>;
beforeAll(async () => {
  server = await startMeasuredServer({ env: { BITRIX24_LIMITS: '*=50/2', CACHE_SECONDS: '30' } });
  await server.signIn();
  const { agent, origin, emulator } = server;
  await agent.request(`${origin}/companies?q=Alpha`);
  await agent.request(`${origin}/companies/1`);
  await agent.request(`${origin}/companies/1`);
  emulator.orderFault({ on: 'rest', effect: { type: 'error', status: 401, error: 'expired_token' } });
  await agent.request(`${origin}/companies?q=Beta`);
  emulator.orderFault({ on: 'rest', effect: { type: 'error', status: 503, error: 'QUERY_LIMIT_EXCEEDED' } });
  await agent.request(`${origin}/companies?q=Gamma`);
  await agent.post(`${origin}/exports`, { view: 'q=Alpha', format: 'csv' });
  await untilExported();
  text = await server.metrics();
  samples = parseExposition(text);
  names = new Set(
    [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type]) => partsOf(name, type)),
  );
});
afterAll(() => server.stop());

function partsOf(name: string, type: string | undefined): string[] {
  return type === 'histogram' ? ['bucket', 'sum', 'count'].map((part) => `${name}_${part}`) : [name];
}

async function untilExported(): Promise<void> {
  while (!/exports_ended_total\{outcome="done"\} 1/.test(await server.metrics())) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

interface Panel {
  type: string;
  title: string;
  targets?: { expr: string; datasource: { uid: string } }[];
}

const dashboard = JSON.parse(readFileSync(join(OPS, 'grafana-dashboard.json'), 'utf8')) as {
  panels: Panel[];
  templating: { list: { name: string; type: string; definition?: string }[] };
};
const alertsFile = readFileSync(join(OPS, 'alerts.yml'), 'utf8');
const alerts = alertsFile
  .split(/^ {6}- alert: /m)
  .slice(1)
  .map((block) => ({ name: block.split('\n', 1)[0] ?? '', block }));

const expressions: [where: string, text: string][] = [
  ...dashboard.panels.flatMap(({ title, targets = [] }): [string, string][] =>
    targets.map(({ expr }) => [`panel ${title}`, expr]),
  ),
  ...dashboard.templating.list.flatMap(({ name, definition }): [string, string][] =>
    definition === undefined ? [] : [[`variable ${name}`, definition]],
  ),
  ...alerts.map(({ name, block }): [string, string] => [
    `alert ${name}`,
    /expr: ([\s\S]*?)\n {8}(?:for|labels):/.exec(block)?.[1] ?? '',
  ]),
];

/** The metrics that an expression names, with the labels that it asks of each. */
function selectorsOf(expression: string): { name: string; labels: string[] }[] {
  const selectors = expression.matchAll(/\b((?:bitrix24_companies|nodejs|process)_\w+)(?:\{([^}]*)\})?/g);
  return [...selectors].map(([, name = '', matchers = '']) => ({
    name,
    labels: [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
  }));
}

describe('the dashboard and the alerts', () => {
  it.each(expressions)('%s names metrics that there are, by labels that they have', (_, expression) => {
    const selectors = selectorsOf(expression);

    const missing = selectors.filter(({ name }) => !names.has(name));
    const foreign = selectors.flatMap(({ name, labels }) => {
      const known = new Set(
        samples.filter((sample) => sample.name === name).flatMap(({ labels }) => Object.keys(labels)),
      );
      return known.size === 0 ? [] : labels.filter((label) => !known.has(label) && !ADDED.includes(label));
    });
    expect(selectors.length).toBeGreaterThan(0);
    expect(missing).toEqual([]);
    expect(foreign).toEqual([]);
  });

  it('leave out nothing of ours', () => {
    const named = new Set(
      expressions.flatMap(([, expression]) => selectorsOf(expression)).map(({ name }) => name),
    );

    const ours = [...text.matchAll(/^# TYPE (bitrix24_companies_\S+) (\S+)$/gm)];
    const left = ours.filter(([, name = '', type]) => !partsOf(name, type).some((part) => named.has(part)));
    expect(left.map(([, name]) => name)).toEqual([]);
  });
});

describe('the dashboard', () => {
  it('lets its reader choose the data source, and uses that one everywhere', () => {
    const sources = dashboard.panels.flatMap(({ targets = [] }) =>
      targets.map(({ datasource }) => datasource.uid),
    );

    expect(dashboard.templating.list[0]).toMatchObject({ name: 'datasource', type: 'datasource' });
    expect(sources.length).toBeGreaterThan(0);
    expect(sources.filter((source) => !/^\$\{datasource\}$/.test(source))).toEqual([]);
  });
});

describe.each(alerts)('the alert $name', ({ name, block }) => {
  it('says what it is, what it means, how bad it is, and where to read on', () => {
    const anchor = name.replace(/(?<!^)[A-Z]/g, '-$&').toLowerCase();

    expect(block).toMatch(/^ {10}summary: .{10,}$/m);
    expect(block).toMatch(/^ {10}description: .{20,}$/m);
    expect(block).toMatch(/^ {10}severity: (critical|warning|info)$/m);
    expect(block).toContain(`\n          runbook: docs/operations.md#${anchor}\n`);
  });
});

describe('what a scraper reads', () => {
  it('holds no secret, and nothing of a person', () => {
    const { agent, clientSecret, emulator } = server;
    const cookies = [...agent.cookies.values()].flatMap((jar) => [...jar.values()]);
    const personal = ['Ada', 'Admin', 'admin', 'Alpha', 'Beta', emulator.portals[0]?.memberId ?? ''];

    for (const word of [SECRET_MARK, clientSecret, ...cookies, ...personal]) {
      expect(word.length).toBeGreaterThan(2);
      expect(text).not.toContain(word);
    }
  });

  it('has labels of few values, of which none is an id', () => {
    const values = new Set(samples.flatMap(({ labels }) => Object.values(labels)));
    const routes = new Set(samples.flatMap(({ labels }) => labels.route ?? []));

    expect(
      [...values].filter((value) => /[0-9a-f]{16}|[\w-]{22}/.test(value) && !/^[a-z_/:-]+$/i.test(value)),
    ).toEqual([]);
    expect([...routes].filter((route) => /\d/.test(route))).toEqual([]);
    expect(Object.keys(Object.assign({}, ...samples.map(({ labels }) => labels))).sort()).toEqual(
      expect.not.arrayContaining(['user', 'member', 'memberId', 'userId', 'address']),
    );
  });
});
