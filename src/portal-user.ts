/**
 * A user of one portal, and the application they use it through: whose tokens, limits, answers, saved views and exports
 * these are. Two users of one portal share nothing.
 */
export interface PortalUser {
  /** `member_id`: the lasting identity of a portal. */
  memberId: string;
  /** `client_id` of our application: two applications may share a store. */
  clientId: string;
  userId: number;
  /** Origin of the portal, which may move to another address. */
  portal: string;
}

/** What identifies a portal user in keys of the store; the address of the portal may change. */
export type PortalUserId = Pick<PortalUser, 'memberId' | 'clientId' | 'userId'>;

/** Only the identity, for what is stored or logged: a session's user has a name as well. */
export function idOf({ memberId, clientId, userId }: PortalUserId): PortalUserId {
  return { memberId, clientId, userId };
}

/** Whether both are the same user of the same portal through the same application. */
export function isSameUser(one: PortalUserId, other: PortalUserId): boolean {
  return one.memberId === other.memberId && one.clientId === other.clientId && one.userId === other.userId;
}
