import { type B24OAuth, B24OAuth as OAuth, ParamsFactory } from '@bitrix24/b24jssdk';
import { type ReadingTask, report, SELECT } from './reading.ts';

/** Reads all companies with the SDK of the vendor, in the three ways it offers. */
const { way, ...task } = JSON.parse(process.argv[2] ?? '{}') as ReadingTask & { way: keyof typeof WAYS };
const PAGE_SIZE = 50;
const METHOD = 'crm.company.list';

interface Row {
  ID: string;
}
type OnId = (id: number) => void;

const WAYS = {
  /** Pages by `start`, 50 in a batch, one batch after another; the first call gets the total. */
  async batchByChunk(b24: B24OAuth, onId: OnId) {
    const first = await b24.actions.v2.call.make<Row[]>({
      method: METHOD,
      params: { select: ['ID'], start: 0 },
    });
    const total = Number(first.getTotal());
    const calls = Array.from({ length: Math.ceil(total / PAGE_SIZE) }, (_, page) => [
      METHOD,
      { select: SELECT, order: { ID: 'ASC' }, start: page * PAGE_SIZE },
    ]) as [string, object][];
    const answer = await b24.actions.v2.batchByChunk.make<Row[]>({ calls });
    if (!answer.isSuccess) throw new Error(answer.getErrorMessages().join('; '));
    for (const rows of answer.getData() ?? []) for (const { ID } of rows) onId(Number(ID));
  },
  /** One page per request; returns all rows at the end. */
  async callList(b24: B24OAuth, onId: OnId) {
    const answer = await b24.actions.v2.callList.make<Row>({ method: METHOD, params: paged() });
    for (const { ID } of answer.getData() ?? []) onId(Number(ID));
  },
  /** One page per request; returns each page when it arrives. */
  async fetchList(b24: B24OAuth, onId: OnId) {
    const pages = b24.actions.v2.fetchList.make<Row>({ method: METHOD, params: paged() });
    for await (const rows of pages) for (const { ID } of rows) onId(Number(ID));
  },
};

function paged() {
  return { select: SELECT, filter: task.most === undefined ? {} : { '<=ID': task.most } };
}

const { accessToken, refreshToken, clientId, clientSecret, memberId } = task;
const b24 = new OAuth(
  {
    accessToken,
    refreshToken,
    memberId,
    userId: 1,
    applicationToken: '',
    expires: Math.floor(Date.now() / 1000) + 3600,
    expiresIn: 3600,
    scope: 'app',
    domain: new URL(task.clientEndpoint).host,
    status: 'L',
    serverEndpoint: `${task.authorizationServer}/rest/`,
    clientEndpoint: task.clientEndpoint.replace(/\/$/, ''),
  } as unknown as ConstructorParameters<typeof OAuth>[0],
  { clientId, clientSecret },
);
if (task.limits === '') {
  const { rateLimit, ...others } = ParamsFactory.getDefault();
  const unlimited = { burstLimit: 1e9, drainRate: 1e9, adaptiveEnabled: false };
  await b24.setRestrictionManagerParams({ ...others, rateLimit: { ...rateLimit, ...unlimited } });
}
await report((onId) => WAYS[way](b24, onId));
