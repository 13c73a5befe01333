/** Sign in with Bitrix24, and one list with the person's own rights. Settings as in .env.example; see README, "In another Express app". */
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

const app = express();
app.use(auth.middleware, auth.routes);
app.get('/', auth.requireSignIn, async (req, res) => {
  const user = auth.userOf(req);
  const { result } = await auth.clientFor(user).call('crm.company.list', { select: ['ID', 'TITLE'] });
  res.json({ user: user.name, companies: result });
});
app.use(auth.reauthorize);
app.listen(Number(env.PORT ?? 8050), '127.0.0.1', () => console.log('ready'));
