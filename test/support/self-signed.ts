import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** For `localhost` and no other name, by nobody anybody knows, until 2126. The key is as public as this file. */
export const SELF_SIGNED_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBlTCCATugAwIBAgIUYbSsRcomC1YEoCRrmFh9mmpvqjwwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNDA0MDIyOFoYDzIxMjYxMDMx
MDQwMjI4WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARN3RMs784ADPYDFkFXjYHw51YfzctblDYJnspfb2swgvDX0cvHvQAe
37cS0F/l9SfVTO5GJzvgZD8OZxgeKS8Jo2kwZzAdBgNVHQ4EFgQU1JtYwp505rGE
VDVwNCbSycq4SP8wHwYDVR0jBBgwFoAU1JtYwp505rGEVDVwNCbSycq4SP8wDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
SAAwRQIhAM2AvjtlCoG4Cn1tnMVVGubQ4zTNi6lEdwpveyvThmRWAiBYa5rA1yKD
f/7rQdyV+lcBZBtU4DbkwVUSXDyb9TB/DQ==
-----END CERTIFICATE-----`;

const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgFXCWZg3AxNJv6pD/
iE030H1qE8gWIv+AkwQT+lcqUuGhRANCAARN3RMs784ADPYDFkFXjYHw51Yfzctb
lDYJnspfb2swgvDX0cvHvQAe37cS0F/l9SfVTO5GJzvgZD8OZxgeKS8J
-----END PRIVATE KEY-----`;

/** Speaks https with a certificate that machines do not trust. */
export async function startSelfSigned(): Promise<{ port: number; stop(): void }> {
  const server = createServer(
    { key: KEY, cert: SELF_SIGNED_CERTIFICATE },
    (_req, res) => void res.end('hello'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
