import type { ClientOptions } from '../options.ts';

/** The demo application. Its keys are visibly not real ones. */
export const DEMO_CLIENT: ClientOptions = {
  clientId: 'local.00000000000000.00000000',
  clientSecret: 'demo-secret-of-the-emulator-not-a-real-one',
  redirectUri: 'http://localhost:8050/bitrix',
  scope: ['crm', 'user'],
};

/**
 * The registered applications.
 *
 * On Bitrix24 the keys of a local application work on one portal only (8.3). Here every portal accepts every
 * application, so that one application can be tested with several portals.
 */
export class Clients {
  readonly #clients = new Map<string, Client>();

  constructor(clients: ClientOptions[]) {
    for (const client of clients) this.register(client);
  }

  register(client: ClientOptions): void {
    this.#clients.set(client.clientId, { status: 'L', ...client });
  }

  find(clientId: string | undefined): Client | undefined {
    return clientId === undefined ? undefined : this.#clients.get(clientId);
  }

  all(): Client[] {
    return [...this.#clients.values()];
  }
}

export interface Client extends ClientOptions {
  status: string;
}
