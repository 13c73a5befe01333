/** The tokens of one portal user as the vault gives them. One object is shared by many callers, so none changes it. */
export interface StoredTokens extends TokenPosition {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Our cautious estimate. */
  readonly expiresAt: Date;
  /** Checked against the list of allowed portals before it was saved. */
  readonly clientEndpoint: string;
  /** Origin of the authorization server that granted the tokens. */
  readonly authorizationServer: string;
  /** `reauth`: Bitrix24 has ended the grant, and the portal user has to authorize again. `suspect`: it seems so. */
  readonly state: 'ok' | 'suspect' | 'reauth';
}

/** Which pair it is, in the order of refresh token rotation (RFC 9700 section 4.14.2). */
export interface TokenPosition {
  /** The token family, as it is usually called: begins with a sign-in, and a new sign-in begins a new one. */
  readonly chain: string;
  /** 1, 2, 3 … within the chain: grows with every refresh. */
  readonly generation: number;
}

/** What a sign-in or a refresh brought. */
export type NewTokens = Pick<StoredTokens, 'accessToken' | 'refreshToken' | 'expiresAt' | 'clientEndpoint'>;
