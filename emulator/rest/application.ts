import type { Outcome, RestCall, RestMethods } from './method.ts';

/** Methods that return information about the application itself. */
export const APPLICATION_METHODS: RestMethods = {
  scope: { scopes: [], run: ({ scope }) => ({ result: scope }) },
  'app.info': { scopes: [], run: describeApplication },
};

/** `app.info` of the portal; its format differs from that of the authorization server (section 3.1). */
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
    },
  };
}
