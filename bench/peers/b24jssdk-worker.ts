import { B24OAuth, type B24OAuthParams } from '@bitrix24/b24jssdk';

/**
 * One worker of an application built on the SDK of the vendor, as its guide shows it: it gets stored tokens, and a
 * callback stores the result of a refresh. For each message of the parent process it makes one REST call and answers
 * whether the call succeeded.
 */
const { auth, clientId, clientSecret } = JSON.parse(process.argv[2] ?? '{}') as {
  auth: B24OAuthParams;
  clientId: string;
  clientSecret: string;
};
const b24 = new B24OAuth(auth, { clientId, clientSecret });
b24.setCallbackRefreshAuth(async ({ b24OAuthParams }) => {
  process.send?.({ stored: b24OAuthParams });
});

process.on('message', async () => {
  const isSuccess = await b24.actions.v2.call.make({ method: 'profile', params: {} }).then(
    (answer) => answer.isSuccess,
    () => false,
  );
  process.send?.({ isSuccess });
});
process.send?.({ isReady: true });
