import { z } from 'zod';

/**
 * A misbehaviour of the portal or authorization server. Tests order it here and do not mock the application's HTTP
 * client.
 *
 * The commit is the moment when the emulator uses up and rotates codes and tokens. A fault `before` the commit
 * changes no state; after a fault `after` the commit the change stays (`refresh.md`, section 1).
 */
export interface Fault {
  /**
   * `token`: the token endpoint. `app.info`: on the authorization server. `rest`: portals. `authorize`: the portal's
   * authorization page.
   */
  on: FaultSite;
  /** Only this portal (host); for `token` and `app.info` the portal that the code or token belongs to. */
  portal?: string;
  /** Only this REST method. With effect `error` the fault also applies to a command inside a batch. */
  restMethod?: string;
  grantType?: string;
  /** Only codes and tokens of this portal user, so that several tests can use one portal at the same time. */
  userId?: number;
  /** Number of requests it applies to; default 1. */
  times?: number;
  effect: Effect;
}

export type FaultSite = 'token' | 'rest' | 'app.info' | 'authorize';
export type Moment = 'before' | 'after';

export type Effect =
  | { type: 'delay'; ms: number; when: Moment }
  /** The connection is destroyed without an answer. */
  | { type: 'drop'; when: Moment }
  /** Waits until the order is released or cancelled. */
  | { type: 'hold'; when: Moment }
  /** Sends this answer instead of performing the request. An object is sent as JSON, a string unchanged. */
  | { type: 'answer'; status: number; body: unknown; contentType?: string | undefined }
  /** Refuses in Bitrix24's format instead of performing the request. */
  | { type: 'error'; status: number; error: string; description?: string | undefined }
  /** Announces the full length of the real answer, sends half of it, and closes the connection. */
  | { type: 'half' }
  /** An HTML page instead of JSON, as a proxy between application and portal might answer. */
  | { type: 'html'; status: number }
  /** Status 200 with incomplete JSON. */
  | { type: 'brokenJson' }
  /** The real answer at a limited speed. */
  | { type: 'trickle'; bytesPerSecond: number }
  /** Valid JSON of this size; with gzip the answer is small and inflates to this size. */
  | { type: 'huge'; bytes: number; gzip?: boolean | undefined }
  | { type: 'redirect'; status: number; to: string }
  /**
   * The real answer with changed fields, at any depth: objects are merged, all other values are replaced. A field
   * whose value is `undefined`, or which is named in `remove`, is removed. For a redirect this changes the parameters
   * of its address.
   */
  | { type: 'alter'; patch: Record<string, unknown>; remove?: string[] | undefined };

const moment = z.enum(['before', 'after']);
const status = z.int().min(200).max(599);

const effectSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('delay'), ms: z.number().min(0), when: moment }),
  z.strictObject({ type: z.literal('drop'), when: moment }),
  z.strictObject({ type: z.literal('hold'), when: moment }),
  z.strictObject({
    type: z.literal('answer'),
    status,
    body: z.unknown(),
    contentType: z.string().optional(),
  }),
  z.strictObject({ type: z.literal('error'), status, error: z.string(), description: z.string().optional() }),
  z.strictObject({ type: z.literal('half') }),
  z.strictObject({ type: z.literal('html'), status }),
  z.strictObject({ type: z.literal('brokenJson') }),
  z.strictObject({ type: z.literal('trickle'), bytesPerSecond: z.number().positive() }),
  z.strictObject({ type: z.literal('huge'), bytes: z.int().min(0), gzip: z.boolean().optional() }),
  z.strictObject({ type: z.literal('redirect'), status, to: z.string() }),
  z.strictObject({
    type: z.literal('alter'),
    patch: z.record(z.string(), z.unknown()),
    remove: z.array(z.string()).optional(),
  }),
]);

const faultSchema = z.strictObject({
  on: z.enum(['token', 'rest', 'app.info', 'authorize']),
  portal: z.string().optional(),
  restMethod: z.string().optional(),
  grantType: z.string().optional(),
  userId: z.int().positive().optional(),
  /** JSON has no Infinity, so the string `Infinity` is accepted. */
  times: z
    .union([z.int().positive(), z.literal('Infinity').transform(() => Number.POSITIVE_INFINITY)])
    .optional(),
  effect: effectSchema,
});

/**
 * Parses a fault that arrived as JSON over the control interface.
 *
 * @throws {z.ZodError}  names the invalid field
 */
export function parseFault(value: unknown): Fault {
  const { on, effect, portal, restMethod, grantType, userId, times } = faultSchema.parse(value);
  return {
    on,
    effect,
    ...(portal !== undefined && { portal }),
    ...(restMethod !== undefined && { restMethod }),
    ...(grantType !== undefined && { grantType }),
    ...(userId !== undefined && { userId }),
    ...(times !== undefined && { times }),
  };
}
