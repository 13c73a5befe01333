import { z } from 'zod';
import { type CommandAnswer, mustSucceed, type RestClient } from '../rest/rest-types.ts';

/** What a person may do through the application. Null where the portal does not tell. */
export interface Rights {
  /** Of the whole portal. */
  isAdministrator: boolean | null;
  /** Permissions the portal has granted to the application: `crm`, `user` … */
  scope: string[] | null;
  /** Whether CRM companies may be read, with the permissions of the application and of the person. */
  mayReadCompanies: boolean | null;
}

const Profile = z.object({ ADMIN: z.boolean() });
const Scope = z.array(z.string().regex(/^[\w.-]{1,60}$/));

/**
 * What the person and the application may do, in one request.
 *
 * @throws {RestError} @throws {TransportError} @throws {UnexpectedResponseError}
 */
export async function loadRights(client: RestClient): Promise<Rights> {
  const answers = await client.batch({
    profile: { method: 'profile' },
    scope: { method: 'scope' },
    // Nothing is counted with -1 (protocol 6.1), so this costs the portal almost nothing.
    companies: { method: 'crm.company.list', params: { select: ['ID'], order: { ID: 'ASC' }, start: -1 } },
  });
  // Access that the portal has ended is refused to every command alike.
  const profile = Profile.safeParse(mustSucceed(answers.profile).result);
  const scope = Scope.safeParse('error' in answers.scope ? undefined : answers.scope.result);
  return {
    isAdministrator: profile.success ? profile.data.ADMIN : null,
    scope: scope.success ? scope.data : null,
    mayReadCompanies: readPermission(answers.companies),
  };
}

/** Null for a refusal that is not about rights, such as a limit. */
function readPermission(answer: CommandAnswer): boolean | null {
  if (!('error' in answer)) return true;
  return answer.error.endsAccess ? false : null;
}
