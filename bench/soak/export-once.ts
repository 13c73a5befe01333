import { pause } from '../../test/chaos/harness/time.ts';
import type { Visitor } from '../../test/chaos/harness/visit.ts';
import type { Load } from './load.ts';
import { CUT } from './observation.ts';

/** After this time an export counts as stuck: incidents last only seconds. */
const MOST_MS = 90_000;
const LOOK_EVERY_MS = 1_000;

interface Listed {
  id: string;
  state: string;
  trouble: { code: string } | null;
}

/**
 * Runs one export through the browser interface: start it, wait, download and count rows, delete it. Records each
 * unexpected answer.
 */
export async function exportOnce(
  visitor: Visitor,
  turn: number,
  { world, companies, record }: Pick<Load, 'world' | 'companies' | 'record'>,
): Promise<void> {
  const { publicUrl } = world;
  const view = turn % 2 === 0 ? 'sort=id&order=asc' : 'sort=title&order=asc';

  const begun = await asked('/exports', { view, format: 'csv' });
  if (begun === undefined) return;
  const { id } = JSON.parse(begun) as Listed;
  const deadline = Date.now() + MOST_MS;
  let state = '';
  while (state !== 'done') {
    await pause(LOOK_EVERY_MS);
    if (Date.now() > deadline) return note('export_unfinished', deadline - MOST_MS);
    const text = await asked('/exports');
    if (text === undefined) continue;
    const job = (JSON.parse(text) as { exports: Listed[] }).exports.find((each) => each.id === id);
    if (job === undefined || job.state === 'failed') return note(`export_${job ? 'failed' : 'gone'}`);
    state = job.state;
    if (state !== 'waiting') continue;
    note(`export_waits_${job.trouble?.code}`);
    await asked(`/exports/${id}/resume`, {});
  }
  const file = await asked(`/exports/${id}/file`);
  const rows = file?.match(/^\d+,/gm)?.length;
  if (rows !== undefined && rows !== companies) note(`export_has_${rows}_rows`);
  await asked(`/exports/${id}/forget`, {});
  note(undefined, deadline - MOST_MS);

  /** @returns  the body; undefined after an unexpected answer, which is recorded */
  async function asked(path: string, form?: Record<string, string>): Promise<string | undefined> {
    const from = Date.now();
    const accept = path.endsWith('/file') ? '*/*' : 'application/json';
    const headers = { accept, ...(form && { origin: publicUrl }) };
    const answer = await visitor.agent
      .request(publicUrl + path, { headers, ...(form && { method: 'POST', form }) })
      .catch(() => undefined);
    if (answer !== undefined && answer.status < 300) return answer.text;
    note(answer ? errorCodeOf(answer.text, answer.status) : CUT, from);
    return undefined;
  }

  function note(code: string | undefined, from = Date.now()): void {
    record({ what: 'export', userId: visitor.userId, from, to: Date.now(), code, reauthorizations: 0 });
  }
}

function errorCodeOf(text: string, status: number): string {
  try {
    return (JSON.parse(text) as { error: { code: string } }).error.code;
  } catch {
    return String(status);
  }
}
