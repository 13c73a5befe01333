import type { Application, CookieOptions, Response } from 'express';

/**
 * The path below which browsers reach the application when PUBLIC_URL has one, such as `/companies-app`.
 *
 * Inside the application every address counts from PUBLIC_URL: routes, `returnTo`, redirects and the links of the pages say
 * `/companies`. Only here the path is taken off what browsers ask for and put in front of what they are told.
 */
export interface SubPath {
  /** The address as a browser has to ask for it; addresses of other sites stay as they are. */
  at(address: string): string;
  /**
   * What a request asks for, counted from PUBLIC_URL. A proxy may have taken the path off; health checks that ask the process
   * itself do not know it.
   */
  inside(target: string): string;
  /** Where our cookies are valid: other applications of the same host do not get them. */
  cookiePath: string;
}

export function createSubPath({ pathname }: URL): SubPath {
  const path = pathname.replace(/\/+$/, '');
  return {
    at: (address) => (address.startsWith('/') ? path + address : address),
    inside(target) {
      if (!target.startsWith(path) || !/^([/?]|$)/.test(target.slice(path.length))) return target;
      const rest = target.slice(path.length);
      return rest.startsWith('/') ? rest : `/${rest}`;
    },
    cookiePath: path || '/',
  };
}

/** Puts the path in front of every redirect and link of our pages, and into every cookie. */
export function putBelow(app: Application, { at, cookiePath }: SubPath): void {
  app.locals.at = at;
  // The prototype of this application's answers, which the types of Express leave out.
  const { response } = app as Application & { response: Response };
  const { location } = response;
  const cookie: SetCookie = response.cookie;
  response.location = function (address) {
    return location.call(this, at(address));
  };
  response.cookie = function (this: Response, name: string, value: string, options: CookieOptions = {}) {
    return cookie.call(this, name, value, { ...options, path: cookiePath });
  };
}

type SetCookie = (this: Response, name: string, value: string, options: CookieOptions) => Response;
