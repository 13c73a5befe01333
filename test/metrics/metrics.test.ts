import { beforeEach, describe, expect, it } from '@jest/globals';
import session from 'express-session';
import { register } from 'prom-client';
import { createMetrics, type Metrics } from '../../src/metrics/metrics.ts';
import { parseExposition, sumOf } from '../support/exposition.ts';
import { createMemoryStore } from '../support/memory-store.ts';

const READY = { isStopping: false, isStoreWritable: true, areTokensSaved: true, isDataDirWritable: true };

let metrics: Metrics;
beforeEach(() => {
  metrics = createMetrics();
});

const read = (readiness = READY) => metrics.exposition(readiness);

describe('createMetrics()', () => {
  it('when there are two applications in a process › each counts for itself, and nothing is global', async () => {
    const other = createMetrics();
    other.observers.signIn('success');

    const text = await read();

    expect(sumOf(text, 'sign_ins_total', { outcome: 'success' })).toBe(0);
    expect(register.getMetricsAsArray()).toEqual([]);
  });

  it('names all by the conventions: a prefix, base units, counters that end in _total', async () => {
    const types = [...(await read()).matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type]) => ({
      name,
      type,
    }));

    const ours = types.filter(({ name }) => !/^(process|nodejs)_/.test(name));
    expect(ours.filter(({ name }) => !name.startsWith('bitrix24_companies_'))).toEqual([]);
    expect(types.filter(({ name, type }) => (type === 'counter') !== name.endsWith('_total'))).toEqual([]);
    expect(ours.filter(({ name, type }) => type === 'histogram' && !name.endsWith('_seconds'))).toEqual([]);
  });

  it('counts requests in seconds, and methods that somebody made up as other', async () => {
    const { request } = metrics.observers;
    request({ method: 'GET', route: '/companies/:id', status: 200, ms: 1_250 });
    request({ method: 'PROPFIND', route: 'other', status: 404, ms: 1 });
    request({ method: 'GET', route: '/companies', status: 'left', ms: 1 });

    const text = await read();

    const count = 'http_request_duration_seconds_count';
    expect(sumOf(text, 'http_request_duration_seconds_sum', { route: '/companies/:id' })).toBe(1.25);
    expect(sumOf(text, count, { method: 'other', route: 'other', status: '404' })).toBe(1);
    expect(sumOf(text, count, { route: '/companies', status: 'left' })).toBe(1);
  });

  it('counts visitors who were refused by limit', async () => {
    metrics.observers.visitorRefused('sign_in_starts');
    metrics.observers.visitorRefused('sign_in_starts');

    expect(sumOf(await read(), 'visitors_refused_total', { limit: 'sign_in_starts' })).toBe(2);
  });

  it('knows which exports run and how others ended', async () => {
    metrics.observers.exports.began();
    metrics.observers.exports.began();
    metrics.observers.exports.ended('failed');

    const text = await read();

    expect(sumOf(text, 'exports_running')).toBe(1);
    expect(sumOf(text, 'exports_ended_total', { outcome: 'failed' })).toBe(1);
    expect(sumOf(text, 'exports_ended_total')).toBe(1);
  });

  it.each([
    [{}, [1, 1, 0]],
    [{ isStopping: true }, [0, 1, 0]],
    [{ isStoreWritable: false }, [0, 0, 0]],
    [{ areTokensSaved: false }, [0, 1, 1]],
  ])('says whether the process can serve: %j', async (overrides, expected) => {
    const text = await read({ ...READY, ...overrides });

    const values = ['ready', 'store_reachable', 'tokens_unsaved'].map((name) => sumOf(text, name));
    expect(values).toEqual(expected);
  });

  it('begins with zeros where the first event matters', async () => {
    const samples = parseExposition(await read());

    const zeros = samples.filter(({ value }) => value === 0).map(({ name, labels }) => ({ name, ...labels }));
    expect(zeros).toEqual(
      expect.arrayContaining([
        { name: 'bitrix24_companies_grants_lost_total', reason: 'invalid_grant' },
        { name: 'bitrix24_companies_refreshes_total', outcome: 'unknown' },
        { name: 'bitrix24_companies_exports_ended_total', outcome: 'failed' },
        {
          name: 'bitrix24_companies_call_duration_seconds_count',
          kind: 'token',
          outcome: 'app_misconfigured',
        },
      ]),
    );
  });

  it('tells of the process and of the event loop', async () => {
    const names = new Set(parseExposition(await read()).map(({ name }) => name));

    for (const name of ['process_cpu_seconds_total', 'nodejs_eventloop_lag_p99_seconds']) {
      expect(names).toContain(name);
    }
  });

  it('watches stores, and keeps what else was opened', async () => {
    class NoSessions extends session.Store {
      override get(_id: string, callback: (error: unknown) => void) {
        callback(null);
      }
      override set() {}
      override destroy() {}
    }
    const opened = { kind: 'embedded', store: createMemoryStore(Date.now), sessionStore: new NoSessions() };

    const watched = metrics.watchStores(opened);
    await watched.store.get('a');
    watched.sessionStore.get('a', () => {});

    const count = 'store_operation_duration_seconds_count';
    const text = await read();
    expect(watched.kind).toBe('embedded');
    expect(sumOf(text, count, { operation: 'get' })).toBe(1);
    expect(sumOf(text, count, { operation: 'session_get' })).toBe(1);
  });
});
