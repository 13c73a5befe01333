import type { Outcome, RestCall, RestMethods } from './method.ts';

/** `app.info` of the portal. */
export const APPLICATION_METHODS: RestMethods = {
  'app.info': { scopes: [], run: describeApplication },
};

/**
 * `app.info` of the portal; its format differs from that of the authorization server (section 3.1). A cloud portal
 * tells its plan in three more fields, and a plan on trial the plan before it (section 13, row 12).
 */
function describeApplication({ client, portal }: RestCall): Outcome {
  return {
    result: {
      ID: 1,
      CODE: client.clientId,
      VERSION: 1,
      STATUS: client.status,
      INSTALLED: true,
      PAYMENT_EXPIRED: portal.unpaid ? 'Y' : 'N',
      DAYS: null,
      LANGUAGE_ID: portal.language,
      LICENSE: `${portal.language}_demo`,
      LICENSE_PREVIOUS: `${portal.language}_project`,
      LICENSE_TYPE: 'demo',
      LICENSE_FAMILY: 'demo',
    },
  };
}
