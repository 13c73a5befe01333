import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { createGzip } from 'node:zlib';

import { type Answer, jsonAnswer, redirectAnswer } from '../wire/answer.ts';
import { toPhpJson } from '../wire/php-json.ts';
import type { Effect, Moment } from './fault.ts';
import type { MatchedFault } from './fault-orders.ts';

/** How a fault changes the handling of one request; `undefined` where it changes nothing. */
export interface AppliedFault {
  /** Delays the request, or tells the caller to drop the connection. */
  waitOrDrop(moment: Moment): Promise<'continue' | 'drop'>;
  /** Sent instead of performing the request. */
  replacementAnswer: Answer | undefined;
  /** Changes the real answer; returns it unchanged for other effects. */
  alter(answer: Answer): Answer;
  /** Replaces the normal way of sending. */
  send: ((res: ServerResponse, answer: Answer) => Promise<void>) | undefined;
}

/**
 * Translates an ordered fault into actions on one request.
 *
 * @param stopped  aborts when the emulator stops, so that no delay outlives the emulator
 */
export function applyFault(matched: MatchedFault | undefined, stopped: AbortSignal): AppliedFault {
  const effect = matched?.effect;
  return {
    async waitOrDrop(moment) {
      if (matched === undefined || effect === undefined || !('when' in effect) || effect.when !== moment)
        return 'continue';
      if (effect.type === 'drop') return 'drop';
      await (effect.type === 'hold' ? matched.released : wait(effect.ms, stopped));
      return 'continue';
    },
    replacementAnswer: effect && buildReplacementAnswer(effect),
    alter: (answer) =>
      effect?.type === 'alter' ? alterAnswer(answer, effect.patch, effect.remove ?? []) : answer,
    send: effect && senderOf(effect),
  };
}

async function wait(ms: number, stopped: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal: stopped }).catch(() => undefined);
}

function buildReplacementAnswer(effect: Effect): Answer | undefined {
  switch (effect.type) {
    case 'answer':
      return typeof effect.body === 'string'
        ? text(effect.status, effect.contentType ?? 'text/plain; charset=utf-8', effect.body)
        : text(effect.status, effect.contentType ?? 'application/json', toPhpJson(effect.body ?? null));
    case 'error':
      return refusal(effect);
    case 'html':
      return text(effect.status, 'text/html; charset=utf-8', PROXY_PAGE);
    case 'brokenJson':
      return text(200, 'application/json', '{"result": [{"ID": "1", "TIT');
    case 'redirect':
      return redirectAnswer(effect.status, effect.to);
    case 'huge':
      return text(200, 'application/json', '');
    default:
      return undefined;
  }
}

export function refusal(effect: { status: number; error: string; description?: string | undefined }): Answer {
  const { status, error, description } = effect;
  const body = description === undefined ? { error } : { error, error_description: description };
  return { ...jsonAnswer(status, body), error };
}

const PROXY_PAGE =
  '<!doctype html><html><head><title>Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>';

function text(status: number, contentType: string, body: string): Answer {
  return { status, headers: { 'content-type': contentType }, body };
}

function alterAnswer(answer: Answer, patch: Record<string, unknown>, remove: string[]): Answer {
  const { location, 'content-type': contentType } = answer.headers;
  if (typeof location === 'string') return alterRedirect(answer, location, patch, remove);
  return contentType?.includes('json') ? alterJson(answer, patch, remove) : answer;
}

function alterRedirect(
  answer: Answer,
  location: string,
  patch: Record<string, unknown>,
  remove: string[],
): Answer {
  if (!URL.canParse(location)) return answer;
  const url = new URL(location);
  for (const [name, value] of Object.entries(patch)) {
    if (value === undefined) url.searchParams.delete(name);
    else url.searchParams.set(name, String(value));
  }
  for (const name of remove) url.searchParams.delete(name);
  return { ...answer, headers: { ...answer.headers, location: url.href } };
}

function alterJson(answer: Answer, patch: Record<string, unknown>, remove: string[]): Answer {
  const original: unknown = JSON.parse(answer.body);
  const altered = merge(original, patch);
  for (const name of remove) {
    if (isRecord(altered)) delete altered[name];
  }
  return { ...answer, body: toPhpJson(altered) };
}

function merge(original: unknown, patch: unknown): unknown {
  if (!isRecord(original) || !isRecord(patch)) return patch;
  const merged: Record<string, unknown> = { ...original };
  for (const [name, value] of Object.entries(patch)) {
    if (value === undefined) delete merged[name];
    else merged[name] = merge(merged[name], value);
  }
  return merged;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function senderOf(effect: Effect): AppliedFault['send'] {
  switch (effect.type) {
    case 'half':
      return sendHalf;
    case 'trickle':
      return (res, answer) => trickle(res, answer, effect.bytesPerSecond);
    case 'huge':
      return (res) => sendHuge(res, effect.bytes, effect.gzip ?? false);
    default:
      return undefined;
  }
}

async function sendHalf(res: ServerResponse, answer: Answer): Promise<void> {
  const body = Buffer.from(answer.body);
  res.writeHead(answer.status, { ...answer.headers, 'content-length': String(body.length) });
  await new Promise<void>((resolve) => {
    res.write(body.subarray(0, Math.floor(body.length / 2)), () => resolve());
  });
  res.destroy();
}

const TRICKLES_PER_SECOND = 10;

async function trickle(res: ServerResponse, answer: Answer, bytesPerSecond: number): Promise<void> {
  const body = Buffer.from(answer.body);
  const chunk = Math.max(1, Math.floor(bytesPerSecond / TRICKLES_PER_SECOND));
  res.writeHead(answer.status, { ...answer.headers, 'content-length': String(body.length) });
  for (let sent = 0; sent < body.length && !res.destroyed; sent += chunk) {
    res.write(body.subarray(sent, sent + chunk));
    await delay((chunk / bytesPerSecond) * 1000);
  }
  res.end();
}

const HUGE_CHUNK = 64 * 1024;

/** Streamed, so that the emulator does not hold the whole body in memory. */
async function sendHuge(res: ServerResponse, bytes: number, gzip: boolean): Promise<void> {
  res.writeHead(200, { 'content-type': 'application/json', ...(gzip && { 'content-encoding': 'gzip' }) });
  const body = Readable.from(hugeJson(bytes));
  // A client that closes the connection early makes the pipeline fail. This is expected: the fault tests it.
  await (gzip ? pipeline(body, createGzip(), res) : pipeline(body, res)).catch(() => undefined);
}

function* hugeJson(bytes: number): Generator<Buffer> {
  const opening = Buffer.from('{"result":"');
  const closing = Buffer.from('"}');
  const filler = Buffer.alloc(HUGE_CHUNK, 'x');
  yield opening;
  for (let left = bytes - opening.length - closing.length; left > 0; left -= HUGE_CHUNK) {
    yield left >= HUGE_CHUNK ? filler : filler.subarray(0, left);
  }
  yield closing;
}
