import type { DealCategory } from './crm/deal-categories.ts';
import type { Dictionaries } from './crm/dictionaries.ts';
import type { CompanyRow, ContactRow, DealRow } from './crm/row.ts';
import type { UserField } from './crm/user-fields.ts';
import type { Language } from './language.ts';

/** What may be bent, also while the emulator runs; the README tells what each one is for. */
export interface Switches {
  /** Section 2.3: 3600. */
  accessTokenLifetimeSeconds: number;
  /** Section 2.4 knows three numbers; 28 is the least. */
  refreshTokenLifetimeDays: number;
  /** Section 1.4: 30. */
  codeLifetimeSeconds: number;
  /** `strict`: a refresh token works once and its access token dies with it. `lenient`: nothing dies (2.5). */
  rotation: 'strict' | 'lenient';
  /** A used refresh token shown again ends the whole chain. Undocumented for Bitrix24, common elsewhere. */
  familyKill: boolean;
  /** The leaky bucket of section 5, per portal and source address; null is off. */
  requestLimit: RequestLimit | null;
  /** The operating time of section 5, per application and method; null is off. */
  operatingLimit: OperatingLimit | null;
  /** How long a list of more than a page takes to count what its filter finds (6.1: most of the time, where rows are many); 0. */
  countingMs: number;
  /** Which column of the status tables of sections 3.3 and 4 the REST answers follow. */
  restStatuses: 'code' | 'documents';
  /** `scope` of a token response. Real answers say `app`, the docs say the granted list (2.3). */
  tokenScope: string;
}

export interface RequestLimit {
  /** X: above so many requests in the bucket, the next is refused. 50; Enterprise 250. */
  burst: number;
  /** Y: how many leave the bucket each second. 2; Enterprise 5. */
  perSecond: number;
}

export interface OperatingLimit {
  /** Seconds of execution a method may use within the window: 480 in the docs' example. */
  thresholdSeconds: number;
  /** Ten equal parts long, of which the oldest falls out at a time. Default 600, as documented. */
  windowSeconds?: number;
  /** What each call is booked with: the emulator is too quick to use up an allowance honestly. */
  secondsPerCall: number;
}

export interface EmulatorOptions extends Partial<Switches> {
  /** One port for all portals, told apart by the Host header. 0, the default, takes any free one. */
  portalPort?: number;
  /** The authorization server is an origin of its own, on `localhost`. */
  authorizationServerPort?: number;
  /** Default: 127.0.0.1, ::1 where it exists, and every 127.x.y.z that a portal's host names. */
  listenOn?: string[];
  /** Default: the demo client. */
  clients?: ClientOptions[];
  /** Default: the two demo portals. */
  portals?: PortalOptions[];
  /** Milliseconds; default Date.now. `advance(ms)` moves the emulator's clock on top of it. */
  now?: () => number;
  /** `server_domain` of the redirect; default host and port of the authorization server. */
  serverDomain?: string;
  /** Gets one readable line per request, secrets masked. */
  print?: (line: string) => void;
}

/** An application's card: what its owner registered. */
export interface ClientOptions {
  clientId: string;
  clientSecret: string;
  /** Where authorization responses go; the request cannot name another (1.1). */
  redirectUri: string;
  /** The permissions on the card. */
  scope: string[];
  /** Status letter of section 2.3; default L, a local application. */
  status?: string;
}

export interface PortalOptions {
  /** `localhost`, `127.0.0.3`: without a port, the shared one is added. */
  host: string;
  /** 32 hex digits; default random. */
  memberId?: string;
  title?: string;
  language?: Language;
  /** `+03:00` */
  utcOffset?: string;
  /** `Europe/Moscow` */
  timeZone?: string;
  users: PortalUserOptions[];
  /** Rows as they are on the wire, or how many believable ones to make; a million of them cost no memory. */
  companies: CompanyRow[] | GeneratedCompanies;
  /**
   * Rows of people of these companies, or believable ones made when they are asked for. Default: `made` if companies
   * are, else none.
   */
  contacts?: ContactRow[] | 'made';
  /** As contacts. */
  deals?: DealRow[] | 'made';
  /** Pipelines and their stages; default the factory's and two more. */
  dealCategories?: DealCategory[];
  dictionaries?: Partial<Dictionaries>;
  userFields?: UserField[];
  /** Narrows what applications were granted on this portal. */
  scope?: string[];
}

export interface GeneratedCompanies {
  count: number;
  /** The same seed makes the same companies. */
  seed?: number;
}

export interface PortalUserOptions {
  id: number;
  login: string;
  password: string;
  name: string;
  lastName: string;
  admin?: boolean;
  email?: string;
  position?: string;
  gender?: 'M' | 'F';
  /** `Asia/Omsk`, as the profile tells it; default the portal's. No other answer depends on it. */
  timeZone?: string;
  /** What of the CRM this user may read: `own` is what has their ASSIGNED_BY_ID, `none` is refused altogether. */
  crm?: 'all' | 'own' | 'none';
  /** false: the administrator limited the application to others (3.3, #9). */
  appAccess?: boolean;
  /** false: dismissed (3.3, #8). */
  active?: boolean;
  /** false: left out of the sign-in form's one-click choices, so that these stay few. */
  offered?: boolean;
}
