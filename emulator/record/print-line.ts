import type { RecordedRequest } from './recorded-request.ts';

/**
 * One readable line for the terminal: time, portal, request, status, duration, error, user. It contains no secret.
 */
export function toPrintedLine(request: RecordedRequest): string {
  const { at, httpMethod, path, status, error, durationMs, userId, commands } = request;
  const facts = [
    error !== undefined && `error "${error}"`,
    request.grantType !== undefined && `grant ${request.grantType}`,
    commands !== undefined && `batch of ${commands.length}: ${[...new Set(commands)].join(', ')}`,
    userId !== undefined && `user ${userId}`,
  ].filter((fact) => fact !== false);

  return [
    at.toISOString().slice(11, 23),
    (request.portal ?? 'authorization server').padEnd(20),
    httpMethod.padEnd(4),
    path,
    '→',
    status ?? 'dropped',
    `${Math.round(durationMs)} ms`,
    ...facts,
  ].join(' ');
}
