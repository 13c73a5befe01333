import type { DealCategory } from './crm/deal-categories.ts';
import type { Dictionaries } from './crm/dictionaries.ts';
import type { CompanyRow, ContactRow, DealRow } from './crm/row.ts';
import type { UserField } from './crm/user-fields.ts';
import type { Language } from './language.ts';

/** Behaviour that can be changed, also while the emulator runs; the README explains each switch. */
export interface Switches {
  /** Default 3600 (section 2.3). */
  accessTokenLifetimeSeconds: number;
  /** Default 28: section 2.4 has three different numbers, and 28 is the smallest. */
  refreshTokenLifetimeDays: number;
  /** Default 30 (section 1.4). */
  codeLifetimeSeconds: number;
  /**
   * `strict`: a refresh token works once, and its access token becomes invalid with it. `lenient`: both stay valid
   * (2.5).
   */
  rotation: 'strict' | 'lenient';
  /**
   * Reuse of a refresh token revokes its whole token family. Not documented for Bitrix24; common elsewhere (RFC
   * 9700).
   */
  familyKill: boolean;
  /** The leaky bucket of section 5, per portal and source address; null switches it off. */
  requestLimit: RequestLimit | null;
  /** The operating time limit of section 5, per application and method; null switches it off. */
  operatingLimit: OperatingLimit | null;
  /**
   * Milliseconds that a list call spends on counting when its filter finds more than one page; default 0. On a real
   * portal with many rows, counting takes most of the time (6.1).
   */
  countingMs: number;
  /**
   * Which fields a list of companies, contacts or deals returns when `select` is empty: `code`, the default, the
   * ordinary ones; `documents`, user fields too (company-data 0.1).
   */
  emptySelect: 'code' | 'documents';
  /**
   * `total` of these lists; default `exact`. `absent`: there is none. `late`: the first count of a user and filter is
   * repeated, and `next` follows from it. `atMost`: never more than this number, while `next` is right; 50 is what some
   * portals answer (protocol 13).
   */
  listTotals: 'exact' | 'absent' | 'late' | { atMost: number };
  /**
   * Whether a call fails with 500 when a filter has `@` on a user field that is a date or a number with a point, as
   * in the portal's code (company-data 5.4); default true. Otherwise `@` is "any of".
   */
  userFieldInFails: boolean;
  /** Which column of the status tables in sections 3.3 and 4 the REST answers follow. */
  restStatuses: 'code' | 'documents';
  /** `scope` of a token response. Real answers contain `app`; the documents show the granted list (2.3). */
  tokenScope: string;
}

export interface RequestLimit {
  /** X: the next request is refused when the bucket holds this many. 50; Enterprise 250. */
  burst: number;
  /** Y: how many requests leak out of the bucket per second. 2; Enterprise 5. */
  perSecond: number;
}

export interface OperatingLimit {
  /** Seconds of execution that a method may use within the window; 480 in the example of the documents. */
  thresholdSeconds: number;
  /**
   * Length of the window. It has ten equal parts, and the oldest part drops out at a time. Default 600, as
   * documented.
   */
  windowSeconds?: number;
  /** Seconds that each call is charged with; the real execution of the emulator is too short to reach a limit. */
  secondsPerCall: number;
}

export interface EmulatorOptions extends Partial<Switches> {
  /** One port for all portals; the Host header selects the portal. 0, the default, takes any free port. */
  portalPort?: number;
  /** Port of the authorization server, a separate origin on `localhost`. Default 0: any free port. */
  authorizationServerPort?: number;
  /** Addresses to listen on. Default: 127.0.0.1, ::1 where it exists, and every 127.x.y.z that is a portal's host. */
  listenOn?: string[];
  /** Default: the demo client. */
  clients?: ClientOptions[];
  /** Default: the two demo portals. */
  portals?: PortalOptions[];
  /** Base clock in milliseconds; default Date.now. `advance(ms)` adds to it. */
  now?: () => number;
  /** `server_domain` of the authorization response; default: host and port of the authorization server. */
  serverDomain?: string;
  /** Called with one readable line per request, secrets masked. */
  print?: (line: string) => void;
}

/** What the owner of an application registered on its card. */
export interface ClientOptions {
  clientId: string;
  clientSecret: string;
  /** Where the portal sends authorization responses; the request cannot name another address (1.1). */
  redirectUri: string;
  /** The permissions on the card. */
  scope: string[];
  /** Status letter of section 2.3; default L, a local application. */
  status?: string;
}

export interface PortalOptions {
  /** Host name without a port, such as `localhost` or `127.0.0.3`; the shared port is added. */
  host: string;
  /** 32 hex digits; default random. */
  memberId?: string;
  title?: string;
  language?: Language;
  /** Fixed offset of the server, `+03:00`. */
  utcOffset?: string;
  /** IANA zone of the server, such as `Europe/Berlin`, with summer time and its history; overrides `utcOffset`. */
  serverTimeZone?: string;
  /** Default time zone of the users: `Europe/Moscow`. */
  timeZone?: string;
  users: PortalUserOptions[];
  /**
   * Rows in the wire format, or how many rows to generate. Generated rows of a large portal are not kept in memory,
   * so a million is possible.
   */
  companies: CompanyRow[] | GeneratedCompanies;
  /**
   * Rows in the wire format, or `made`: generated when a request needs them. Default: `made` if the companies are
   * generated, else none.
   */
  contacts?: ContactRow[] | 'made';
  /** The same for deals. */
  deals?: DealRow[] | 'made';
  /** Pipelines and their stages; default: the factory pipeline and two more. */
  dealCategories?: DealCategory[];
  dictionaries?: Partial<Dictionaries>;
  userFields?: UserField[];
  /** Restricts the scope that this portal grants to applications. Default: all that is on the card. */
  scope?: string[];
}

export interface GeneratedCompanies {
  count: number;
  /** The same seed generates the same companies. */
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
  /** IANA name such as `Asia/Omsk`, returned by `profile`; default the portal's. No other answer depends on it. */
  timeZone?: string;
  /** Which CRM rows this user may read: `all`; `own`, rows with their ASSIGNED_BY_ID; `none`, calls are refused. */
  crm?: 'all' | 'own' | 'none';
  /** false: the administrator does not allow this user to use the application (3.3, #9). */
  appAccess?: boolean;
  /** false: dismissed (3.3, #8). */
  active?: boolean;
  /** false: not in the list of one-click users of the sign-in form, so that the list stays short. */
  offered?: boolean;
}
