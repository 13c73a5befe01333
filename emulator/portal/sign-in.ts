import { signInPage } from '../pages.ts';
import { type Answer, htmlAnswer, redirectAnswer } from '../wire/answer.ts';
import type { Asked } from '../wire/asked.ts';
import type { Portal } from './portal.ts';

/** Takes the sign-in form and, when it is right, shows the same address again to somebody who is signed in. */
export function signIn(portal: Portal, asked: Asked): Answer {
  const { login, password } = asked.form;
  const user = portal.users.find((each) => each.login === login && each.password === password && each.active);
  if (user === undefined) {
    return htmlAnswer(signInPage({ portal, action: asked.target, failedLogin: String(login ?? '') }));
  }
  return redirectAnswer(303, sameAddress(asked.target), {
    'set-cookie': `${portal.cookieName}=${portal.signIn(user)}; Path=/; HttpOnly; SameSite=Lax`,
  });
}

export function signOut(portal: Portal, asked: Asked): Answer {
  portal.signOut(asked.cookies.get(portal.cookieName));
  return redirectAnswer(303, '/', { 'set-cookie': `${portal.cookieName}=; Path=/; HttpOnly; Max-Age=0` });
}

/** A target such as `//elsewhere` would be another host to a browser. */
function sameAddress(target: string): string {
  return target.replace(/^\/{2,}/, '/');
}
