import { toIsoWithOffset } from '../clock.ts';
import { asText } from '../wire/php-params.ts';
import { listEvents } from './events.ts';
import type { Outcome, RestCall, RestMethod, RestMethods } from './method.ts';
import { RestRefusal } from './refusal.ts';

/** Methods of controllers: the portal checks their name only up to the last part (RU:…/system/method-get.md). */
const CONTROLLER_PREFIXES = ['crm.item.', 'crm.category.'];

/**
 * Methods of the basic scope that tell what the portal can do [core:rest/classes/general/rest_provider.php;
 * RU:api-reference/common/system].
 *
 * @param served  all other methods, by name
 */
export function introspectionMethods(served: RestMethods): RestMethods {
  return {
    scope: { scopes: [], run: (call) => listScopes(call, served) },
    methods: { scopes: [], run: (call) => listMethods(call, served) },
    'method.get': { scopes: [], run: (call) => findMethod(call, served) },
    'feature.get': { scopes: [], run: showFeature },
    'server.time': {
      scopes: [],
      run: ({ context, portal }) => ({ result: toIsoWithOffset(context.clock.now(), portal.serverZone) }),
    },
    events: { scopes: [], run: listEvents },
  };
}

function listScopes({ scope, param }: RestCall, served: RestMethods): Outcome {
  if (!asText(param('FULL'))) return { result: scope };
  return { result: [...new Set(Object.values(served).flatMap(({ scopes }) => scopes))] };
}

/** SCOPE lists one scope, an empty one the basic methods; FULL lists all; otherwise what the token may call. */
function listMethods({ scope, param }: RestCall, served: RestMethods): Outcome {
  const wanted = asText(param('SCOPE'));
  const isFull = asText(param('FULL')) ? true : undefined;
  const isListed = ({ scopes }: RestMethod) => {
    if (wanted !== undefined) return wanted === '' ? scopes.length === 0 : scopes.includes(wanted);
    return isFull ?? isAvailable(scopes, scope);
  };
  const names = Object.entries(served).filter(([, method]) => isListed(method));
  return { result: names.map(([name]) => name).sort() };
}

/** The parameter and its value are read in lower case only; without a name nothing exists. */
function findMethod({ scope, params }: RestCall, served: RestMethods): Outcome {
  const name = asText(params.name) ?? '';
  const prefix = CONTROLLER_PREFIXES.find((each) => name.startsWith(each) && name.length > each.length);
  const scopes = prefix ? ['crm'] : served[name]?.scopes;
  return {
    result: {
      isExisting: scopes !== undefined,
      isAvailable: scopes !== undefined && isAvailable(scopes, scope),
    },
  };
}

function isAvailable(scopes: readonly string[], granted: string[]): boolean {
  return scopes.length === 0 || scopes.some((each) => granted.includes(each));
}

/** The plan of the portal includes every feature; an unknown code is not refused. */
function showFeature({ param }: RestCall): Outcome {
  const code = asText(param('CODE')) ?? '';
  if (code === '' || code === '0') throw new RestRefusal('CODE_EMPTY', "CODE can't be empty", 400);
  return { result: { value: 'Y' } };
}
