/** Ends the shared Redis. Its append-only file stays for the canary scan: it holds every value ever written. */
export default async function tearDown(): Promise<void> {
  await globalThis.sharedRedis?.stop();
}
