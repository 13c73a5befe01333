import type { Clock } from '../clock.ts';
import type { Switches } from '../options.ts';
import type { Portal } from '../portal/portal.ts';
import { newSecret } from '../secrets.ts';

/** The portal user and application that a code or token belongs to. */
export interface GrantOwner {
  clientId: string;
  portal: Portal;
  userId: number;
}

/**
 * All token pairs that follow from one authorization (2.5). One portal user may have several families at the same
 * time.
 */
interface TokenFamily extends GrantOwner {
  /**
   * Installation number when the family started: tokens become invalid when the application is removed and installed
   * again (2.5).
   */
  installation: number;
  ended: boolean;
}

interface Code extends GrantOwner {
  installation: number;
  expiresAtMs: number;
  used: boolean;
}

export interface RefreshToken {
  family: TokenFamily;
  accessToken: AccessToken;
  expiresAtMs: number;
  used: boolean;
}

export interface AccessToken {
  family: TokenFamily;
  expiresAtMs: number;
  /** Invalid because the refresh token of its pair was used. */
  dead: boolean;
  /**
   * Whether the portal has seen this token: it asks the authorization server once per token and caches the answer
   * (3.3).
   */
  seenByPortal: boolean;
}

export interface IssuedTokens {
  accessToken: string;
  refreshToken: string;
  accessTokenExpiresAtMs: number;
}

const MS_PER_DAY = 24 * 60 * 60 * 1000;

/**
 * All issued codes and tokens. None is deleted, because an expired one gets a different answer than an unknown one.
 */
export class Grants {
  readonly #codes = new Map<string, Code>();
  readonly #accessTokens = new Map<string, AccessToken>();
  readonly #refreshTokens = new Map<string, RefreshToken>();
  readonly #clock: Clock;
  readonly #switches: Switches;

  constructor(clock: Clock, switches: Switches) {
    this.#clock = clock;
    this.#switches = switches;
  }

  issueCode(owner: GrantOwner): string {
    const expiresAtMs = this.#clock.now() + this.#switches.codeLifetimeSeconds * 1000;
    const code = newSecret(expiresAtMs);
    this.#codes.set(code, { ...owner, installation: owner.portal.installation, expiresAtMs, used: false });
    return code;
  }

  findCode(code: string): Code | undefined {
    return this.#codes.get(code);
  }

  findAccessToken(token: string): AccessToken | undefined {
    return this.#accessTokens.get(token);
  }

  findRefreshToken(token: string): RefreshToken | undefined {
    return this.#refreshTokens.get(token);
  }

  /** Starts a token family. The code works once; the server of 2017 was less strict, which is not imitated (1.4). */
  redeemCode(code: Code): IssuedTokens {
    code.used = true;
    return this.startTokenFamily(code);
  }

  startTokenFamily({ clientId, portal, userId }: GrantOwner): IssuedTokens {
    return this.#issuePair({ clientId, portal, userId, installation: portal.installation, ended: false });
  }

  /** Rotation (2.5): issues the next pair of the family. Strict rotation makes the previous pair invalid. */
  rotate(refreshToken: RefreshToken): IssuedTokens {
    if (this.#switches.rotation === 'strict') {
      refreshToken.used = true;
      refreshToken.accessToken.dead = true;
    }
    return this.#issuePair(refreshToken.family);
  }

  /**
   * Handles reuse of a refresh token: with `familyKill` the server treats the token as stolen and revokes the family.
   */
  handleReplay(refreshToken: RefreshToken): void {
    if (this.#switches.familyKill) refreshToken.family.ended = true;
  }

  /** Revokes token families and codes of one portal user, or of all users of the portal. */
  revoke(portal: Portal, userId?: number): void {
    const concerns = (owner: GrantOwner) =>
      owner.portal === portal && (userId === undefined || owner.userId === userId);
    for (const { family } of this.#refreshTokens.values()) if (concerns(family)) family.ended = true;
    for (const code of this.#codes.values()) if (concerns(code)) code.used = true;
  }

  expireAccessTokens(portal: Portal): void {
    for (const token of this.#accessTokens.values()) {
      if (token.family.portal === portal) token.expiresAtMs = Math.min(token.expiresAtMs, this.#clock.now());
    }
  }

  hasExpired({ expiresAtMs }: { expiresAtMs: number }): boolean {
    return this.#clock.now() >= expiresAtMs;
  }

  #issuePair(family: TokenFamily): IssuedTokens {
    const now = this.#clock.now();
    const accessTokenExpiresAtMs = now + this.#switches.accessTokenLifetimeSeconds * 1000;
    const refreshTokenExpiresAtMs = now + this.#switches.refreshTokenLifetimeDays * MS_PER_DAY;
    const accessToken = newSecret(accessTokenExpiresAtMs);
    const refreshToken = newSecret(refreshTokenExpiresAtMs);
    const access = { family, expiresAtMs: accessTokenExpiresAtMs, dead: false, seenByPortal: false };
    this.#accessTokens.set(accessToken, access);
    this.#refreshTokens.set(refreshToken, {
      family,
      accessToken: access,
      expiresAtMs: refreshTokenExpiresAtMs,
      used: false,
    });
    return { accessToken, refreshToken, accessTokenExpiresAtMs };
  }
}

/** Whether the application was removed from the portal after this grant, also if it was installed again later. */
export function isOfFormerInstallation({
  portal,
  installation,
}: {
  portal: Portal;
  installation: number;
}): boolean {
  return portal.installation !== installation;
}
