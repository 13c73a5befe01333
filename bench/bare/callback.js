import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import axios from 'axios';
import { RedisStore } from 'connect-redis';
import express from 'express';
import session from 'express-session';
import { Redis } from 'ioredis';

/** The peer: a redirection endpoint as a guide would write it, with the same calls: state, code, profile, tokens, browser, session. */
const { PORT, REDIS_URL, PORTAL, AUTHORIZATION_SERVER, CLIENT_ID, CLIENT_SECRET } = process.env;
const redis = new Redis(REDIS_URL);
const http = axios.create({ httpAgent: new Agent({ keepAlive: true }), proxy: false });

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
  const returnTo = await redis.getdel(`pending:${req.session.binding}:${state}`);
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
  await redis.set(`tokens:${user}`, JSON.stringify(tokens));
  await redis.hset(`browsers:${user}`, req.session.binding, Date.now());
  req.session.regenerate((error) => {
    if (error) return res.status(500).end();
    req.session.person = profile.result;
    req.session.save(() => res.redirect(303, returnTo));
  });
});
app.listen(Number(PORT), '127.0.0.1');
process.once('SIGTERM', () => process.exit(0));
