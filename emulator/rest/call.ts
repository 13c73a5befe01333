import type { EmulatorContext } from '../emulator-context.ts';
import type { Portal } from '../portal/portal.ts';
import type { AboutRequest } from '../record/recorded-request.ts';
import type { Answer } from '../wire/answer.ts';
import { jsonAnswer } from '../wire/answer.ts';
import type { HttpRequest } from '../wire/http-request.ts';
import type { PhpArray } from '../wire/php-params.ts';
import { findParam } from '../wire/php-params.ts';
import { toPhpXml } from '../wire/php-xml.ts';
import type { Route } from '../wire/serve.ts';
import { checkScope, checkUser, findToken, identifyCaller } from './authorize-call.ts';
import { type RunCommand, readCommands, runBatch } from './batch.ts';
import { type Caller, type Outcome, type RestMethod, toCall } from './method.ts';
import { findMethod, internMethodName } from './methods.ts';
import { RestRefusal, refusalAnswer } from './refusal.ts';
import { startTimeBlock, type TimeBlock } from './time-block.ts';

/** Section 4: scripts of any origin may call a portal, but `authorization` is not among the allowed headers. */
const REST_HEADERS = {
  'content-type': 'application/json; charset=utf-8',
  'x-content-type-options': 'nosniff',
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'origin, content-type, accept',
};

/** Routes a REST call such as `/rest/crm.company.list.json`. */
export function routeRest(context: EmulatorContext, portal: Portal, httpRequest: HttpRequest): Route {
  const { methodName, format } = readMethodName(httpRequest.path);
  return {
    kind: 'rest',
    about: describeCall(context, portal, httpRequest, methodName),
    faultSubject: { on: 'rest', portal: portal.host, restMethod: methodName },
    perform: () => {
      const answer =
        httpRequest.httpMethod === 'OPTIONS'
          ? preflight()
          : answerCall(context, portal, httpRequest, methodName);
      return withFormat({ ...answer, headers: { ...answer.headers, ...REST_HEADERS } }, format);
    },
  };
}

/** `.json` is the default format, a trailing slash is allowed, letter case does not matter (section 4). */
function readMethodName(path: string): { methodName: string; format: 'json' | 'xml' } {
  const name = path
    .replace(/^\/rest\//, '')
    .replace(/\/$/, '')
    .toLowerCase();
  const [, methodName = name, format = 'json'] = /^(.+)\.(json|xml)$/s.exec(name) ?? [];
  return { methodName, format: format === 'xml' ? 'xml' : 'json' };
}

/** XML has the same answer, refusals too, in an element `response` [core:rest/classes/general/rest.php]. */
function withFormat(answer: Answer, format: 'json' | 'xml'): Answer {
  if (format === 'json' || answer.body === '') return answer;
  const body = toPhpXml({ response: JSON.parse(answer.body) as unknown });
  return { ...answer, body, headers: { ...answer.headers, 'content-type': 'text/xml; charset=utf-8' } };
}

function preflight(): Answer {
  return { status: 200, headers: {}, body: '' };
}

/** Query and body merged; the body wins (section 4). */
function readParams({ query, form, json, plain }: HttpRequest): PhpArray {
  return { ...query, ...form, ...json, ...plain };
}

function describeCall(
  context: EmulatorContext,
  portal: Portal,
  httpRequest: HttpRequest,
  restMethod: string,
): AboutRequest {
  const found = findToken(httpRequest);
  const family = found && context.grants.findAccessToken(found.value)?.family;
  return {
    portal: portal.host,
    memberId: portal.memberId,
    restMethod,
    ...(restMethod === 'batch' && {
      commands: readCommands(findParam(readParams(httpRequest), 'cmd')).map(({ method }) =>
        internMethodName(method),
      ),
    }),
    ...(family && { clientId: family.clientId, userId: family.userId }),
    ...(found && { tokenIn: found.in }),
  };
}

function answerCall(
  context: EmulatorContext,
  portal: Portal,
  httpRequest: HttpRequest,
  methodName: string,
): Answer {
  try {
    const { busyMs, ...body } = execute(context, portal, httpRequest, methodName);
    return { ...jsonAnswer(200, body), ...(busyMs && { busyMs }) };
  } catch (error) {
    if (!(error instanceof RestRefusal)) throw error;
    context.cost.countRefusal(error.code);
    return refusalAnswer(error, context.switches.restStatuses);
  }
}

/** Checks in documented order: request limit (section 5), then the table of section 3.3. */
function execute(
  context: EmulatorContext,
  portal: Portal,
  httpRequest: HttpRequest,
  methodName: string,
): Outcome & { time: TimeBlock } {
  context.buckets.admit(portal.memberId, httpRequest.remoteAddress);
  const method = requireMethod(methodName);
  const caller = identifyCaller(context, portal, findToken(httpRequest));
  checkScope(caller, method);
  checkUser(caller, httpRequest.cookies);

  const params = readParams(httpRequest);
  if (methodName !== 'batch') {
    const { outcome, time } = runMethod(caller, methodName, method, params);
    return { ...outcome, time };
  }
  const stopTime = startTimeBlock(context.clock, portal);
  const run = commandRunner(caller);
  let busyMs = 0;
  const outcome = runBatch(findParam(params, 'cmd'), findParam(params, 'halt'), (name, commandParams) => {
    const answered = run(name, commandParams);
    busyMs += answered.outcome.busyMs ?? 0;
    return answered;
  });
  return { ...outcome, busyMs, time: stopTime() };
}

/** #0: an unknown method is refused before the token is checked. Longer paths are webhooks. */
function requireMethod(name: string): RestMethod {
  if (/^\d+\/[^/]+\/[^/]+$/.test(name))
    throw new RestRefusal('INVALID_CREDENTIALS', 'Invalid request credentials');
  const method = findMethod(name);
  if (method === undefined) throw new RestRefusal('ERROR_METHOD_NOT_FOUND', 'Method not found!', 404);
  return method;
}

function runMethod(
  caller: Caller,
  name: string,
  method: RestMethod,
  params: PhpArray,
): { outcome: Outcome; time: TimeBlock } {
  const { context, portal, client } = caller;
  const { operatingTime, clock } = context;
  const subject = { memberId: portal.memberId, clientId: client.clientId, method: name };
  operatingTime.admit(subject);
  const stopTime = startTimeBlock(clock, portal);
  const outcome = method.run(toCall(caller, params));
  operatingTime.book(subject);
  const { duration, ...others } = stopTime();
  const time = {
    ...others,
    duration: duration + (outcome.busyMs ?? 0) / 1000,
    operating_reset_at: operatingTime.resetAt(subject),
    operating: operatingTime.operating(subject),
  };
  return { outcome, time };
}

function commandRunner(caller: Caller): RunCommand {
  const { cost } = caller.context;
  const run = plainCommandRunner(caller);
  return (name, params) => {
    try {
      return run(name, params);
    } catch (error) {
      if (error instanceof RestRefusal) cost.countRefusal(error.code);
      throw error;
    }
  };
}

function plainCommandRunner(caller: Caller): RunCommand {
  const { context, portal } = caller;
  return (name, params) => {
    const fault = context.faults.matchInBatch({ on: 'rest', portal: portal.host, restMethod: name });
    if (fault?.effect.type === 'error') {
      throw new RestRefusal(fault.effect.error, fault.effect.description ?? '', fault.effect.status);
    }
    const method = requireMethod(name);
    checkScope(caller, method);
    return runMethod(caller, name, method, params);
  };
}
