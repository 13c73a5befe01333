import { signInPage } from '../pages.ts';
import { type Answer, htmlAnswer, redirectAnswer } from '../wire/answer.ts';
import type { HttpRequest } from '../wire/http-request.ts';
import type { Portal } from './portal.ts';

/** Handles the sign-in form. When login and password are right, redirects to the same address, with a session. */
export function signIn(portal: Portal, httpRequest: HttpRequest): Answer {
  const { login, password } = httpRequest.form;
  const user = portal.users.find((each) => each.login === login && each.password === password && each.active);
  if (user === undefined) {
    return htmlAnswer(signInPage({ portal, action: httpRequest.target, failedLogin: String(login ?? '') }));
  }
  return redirectAnswer(303, toLocalPath(httpRequest.target), {
    'set-cookie': `${portal.cookieName}=${portal.signIn(user)}; Path=/; HttpOnly; SameSite=Lax`,
  });
}

export function signOut(portal: Portal, httpRequest: HttpRequest): Answer {
  portal.signOut(httpRequest.cookies.get(portal.cookieName));
  return redirectAnswer(303, '/', { 'set-cookie': `${portal.cookieName}=; Path=/; HttpOnly; Max-Age=0` });
}

/** A browser would read a target such as `//elsewhere` as another host. */
function toLocalPath(target: string): string {
  return target.replace(/^\/{2,}/, '/');
}
