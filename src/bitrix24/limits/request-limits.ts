import type { RequestLimit } from './request-bucket.ts';

/** Which portals limit requests, and to how many (protocol 5). */
export interface RequestLimits {
  /** @returns undefined for a portal that has no limit until it refuses */
  of(portal: { host: string; hostname: string }): RequestLimit | undefined;
}

/** The limit of a portal for which none is configured, once it has refused. */
export const USUAL_LIMIT: RequestLimit = { burst: 50, perSecond: 2 };

/**
 * Reads BITRIX24_LIMITS: `*.bitrix24.*=50/2,crm.acme.com=250/5`. A host that is written out goes before a pattern, and a
 * pattern before those that follow it.
 *
 * @throws {Error}  names the entry that is wrong
 */
export function parseRequestLimits(text: string): RequestLimits {
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map(parseEntry);
  const written = new Map(entries.filter(({ host }) => !host.includes('*')).map((each) => [each.host, each]));
  const patterns = entries
    .filter(({ host }) => host.includes('*'))
    .map(({ host, limit }) => ({ pattern: patternOf(host), limit }));
  return {
    of({ host, hostname }) {
      const entry =
        written.get(host) ??
        written.get(hostname) ??
        patterns.find(({ pattern }) => pattern.test(hostname) || pattern.test(host));
      return entry?.limit;
    },
  };
}

function parseEntry(entry: string, index: number): { host: string; limit: RequestLimit } {
  const [, host, burst, perSecond] = /^([\w.*:[\]-]+)=(\d{1,5})\/(\d{1,4}(?:\.\d{1,3})?)$/.exec(entry) ?? [];
  const limit = { burst: Number(burst), perSecond: Number(perSecond) };
  if (host === undefined || !(limit.burst >= 1) || !(limit.perSecond > 0)) {
    throw new Error(
      `cannot read entry ${index + 1}: a limit is written like *.bitrix24.*=50/2, which is host=burst/perSecond`,
    );
  }
  return { host: host.toLowerCase(), limit };
}

/** A star stands for one or more letters, digits, dots and dashes. */
function patternOf(host: string): RegExp {
  const source = host
    .split('*')
    .map((part) => part.replace(/[.[\]]/g, '\\$&'))
    .join('[a-z0-9.-]+');
  return new RegExp(`^${source}$`);
}
