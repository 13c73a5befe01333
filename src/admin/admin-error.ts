/** A command that cannot be carried out. The message is one sentence for the operator, and says what to do. */
export class AdminError extends Error {
  override name = 'AdminError';
}
