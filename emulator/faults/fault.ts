import { z } from 'zod';

/**
 * A misbehaviour to order from the emulator, as bad neighbours of the application are never mocked inside it.
 *
 * The commit is the moment when codes and tokens are used up and rotated: whatever happens `before` it left
 * nothing behind, whatever happens `after` it cannot be undone (`refresh.md`, section 1).
 */
export interface Fault {
  /** `token`: the token endpoint. `app.info`: the authorization server's. `rest`: portals. `authorize`: their page. */
  on: FaultSite;
  /** Only on this portal; for `token` and `app.info` the one the code or token belongs to. */
  portal?: string;
  /** Only this REST method. With effect `error` also as a command inside a batch. */
  restMethod?: string;
  grantType?: string;
  /** Only codes and tokens of this portal user, so that many tests of one portal can run side by side. */
  userId?: number;
  /** How many requests it meets; default 1. */
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
  /** This answer, without doing anything. An object is sent as JSON, a string as it is. */
  | { type: 'answer'; status: number; body: unknown; contentType?: string | undefined }
  /** A refusal in Bitrix24's form, without doing anything. */
  | { type: 'error'; status: number; error: string; description?: string | undefined }
  /** The real answer, announced whole, cut in the middle. */
  | { type: 'half' }
  /** A page where JSON is expected, as a proxy in between answers. */
  | { type: 'html'; status: number }
  /** Status 200, and JSON that ends too soon. */
  | { type: 'brokenJson' }
  /** The real answer, slowly. */
  | { type: 'trickle'; bytesPerSecond: number }
  /** Valid JSON of this size; with gzip a small answer that inflates to it. */
  | { type: 'huge'; bytes: number; gzip?: boolean | undefined }
  | { type: 'redirect'; status: number; to: string }
  /**
   * The real answer with some fields changed, at any depth: objects are merged, anything else is replaced.
   * A field that is `undefined`, or named in `remove`, is taken out. Of a redirect, the parameters of its address.
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
  /** JSON has no Infinity; the word stands for it. */
  times: z
    .union([z.int().positive(), z.literal('Infinity').transform(() => Number.POSITIVE_INFINITY)])
    .optional(),
  effect: effectSchema,
});

/**
 * Reads a fault that arrived as JSON over the control interface.
 *
 * @throws {z.ZodError}  says which field is wrong
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
