/** Counts the companies of everyone who has ever signed in, each with their own rights, while no browser is open. */
import express from 'express';
import { createAuth, openStores } from '../src/auth/index.ts';

const { env } = process;
const auth = createAuth({
  publicUrl: env.PUBLIC_URL ?? 'http://localhost:8050',
  clientId: env.BITRIX24_CLIENT_ID ?? '',
  clientSecret: env.BITRIX24_CLIENT_SECRET ?? '',
  portals: env.BITRIX24_PORTALS ?? '',
  authorizationServers: env.BITRIX24_AUTHORIZATION_SERVERS?.split(','),
  sessionSecrets: [env.SESSION_SECRETS ?? ''],
  tokenKeys: [env.TOKEN_KEYS ?? ''],
  ...openStores({ dataDir: env.DATA_DIR ?? './data/example' }),
});

async function count() {
  for await (const user of auth.users()) {
    const { total } = await auth.clientFor(user).call('crm.company.list', { select: ['ID'] });
    console.log(user.portal, user.userId, total);
  }
}
setInterval(() => count().catch(console.error), Number(env.EVERY_MS ?? 60_000));

const app = express();
app.use(auth.middleware, auth.routes);
app.get('/', (_req, res) => void res.send('<a href="/login">Sign in</a>'));
app.listen(Number(env.PORT ?? 8050), '127.0.0.1', () => console.log('ready'));
