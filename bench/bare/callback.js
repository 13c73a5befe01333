import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import axios from 'axios';
import { RedisStore } from 'connect-redis';
import express from 'express';
import session from 'express-session';
import { Redis } from 'ioredis';

/**
 * The server to compare with: a redirection endpoint as a guide would show it, with state, code, profile, tokens,
 * list of browsers and session.
 *
 * With SAFE it sends Redis the same commands as the application: a value that another process has changed is not
 * overwritten, and times come from the store. Without SAFE it does the same work with the fewest commands.
 */
const { PORT, REDIS_URL, PORTAL, AUTHORIZATION_SERVER, CLIENT_ID, CLIENT_SECRET, SAFE } = process.env;
const LIFETIME_MS = 30 * 24 * 3600_000;
const redis = new Redis(REDIS_URL);
// Shorter than servers keep idle connections, so no call uses a connection that is being closed; longer than the
// rounds of the other handlers.
const http = axios.create({ httpAgent: new Agent({ keepAlive: true, timeout: 4_500 }), proxy: false });

const app = express();
app.get('/healthz', (_req, res) => res.json({ status: 'ok' }));
app.use(
  session({
    store: new RedisStore({ client: redis }),
    secret: 'a secret of the bench',
    resave: false,
    saveUninitialized: false,
  }),
);
app.get('/login', async (req, res) => {
  const state = randomBytes(32).toString('base64url');
  req.session.binding = randomBytes(32).toString('base64url');
  await redis.set(`pending:${req.session.binding}:${state}`, '/companies', 'EX', 600);
  res.redirect(`${PORTAL}/oauth/authorize/?client_id=${CLIENT_ID}&state=${state}`);
});
app.get('/bitrix', async (req, res) => {
  const { code, state } = req.query;
  const returnTo = await take(`pending:${req.session.binding}:${state}`);
  if (returnTo === null) return res.status(403).send('state');
  const { data: tokens } = await http.post(
    `${AUTHORIZATION_SERVER}/oauth/token/`,
    new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      code,
    }),
  );
  const { data: profile } = await http.post(`${tokens.client_endpoint}profile`, {
    auth: tokens.access_token,
  });
  const user = `${tokens.member_id}:${tokens.user_id}`;
  await keep(user, tokens, req.session.binding);
  req.session.regenerate((error) => {
    if (error) return res.status(500).end();
    req.session.person = profile.result;
    req.session.save(() => res.redirect(303, returnTo));
  });
});

async function take(key) {
  if (!SAFE) return redis.getdel(key);
  const [returnTo] = await Promise.all([redis.get(key), now()]);
  if (returnTo !== null) await replaceIfUnchanged(key, returnTo, 'taken', 600_000);
  return returnTo;
}

async function keep(user, tokens, binding) {
  if (!SAFE) {
    await redis.set(`tokens:${user}`, JSON.stringify(tokens));
    await redis.hset(`browsers:${user}`, binding, Date.now());
    return;
  }
  const since = await now();
  await redis.set(`tokens:${user}`, JSON.stringify({ ...tokens, since }), 'PX', LIFETIME_MS);
  const browsers = await redis.get(`safe-browsers:${user}`);
  const next = JSON.stringify({ ...JSON.parse(browsers ?? '{}'), [binding]: since });
  if (browsers === null) await redis.set(`safe-browsers:${user}`, next, 'PX', LIFETIME_MS, 'NX');
  else await replaceIfUnchanged(`safe-browsers:${user}`, browsers, next, LIFETIME_MS);
}

function now() {
  return redis.eval(`return redis.call('TIME')`, 1, 'clock');
}

function replaceIfUnchanged(key, expected, value, lifetimeMs) {
  const script = `
    if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
    return 1`;
  return redis.eval(script, 1, key, expected, value, lifetimeMs);
}

app.listen(Number(PORT), '127.0.0.1');
process.once('SIGTERM', () => process.exit(0));
