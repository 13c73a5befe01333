import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RedisStore } from 'connect-redis';
import express from 'express';
import session from 'express-session';
import { Redis } from 'ioredis';

/**
 * The server to compare with: Express, express-session, connect-redis and EJS as their guides show, with fifty
 * companies that are already formatted in memory. No portal, security headers, log or second language.
 */
const { page, rows } = JSON.parse(readFileSync(process.env.PAGE, 'utf8'));

const app = express();
app.set('view engine', 'ejs');
app.set('views', join(import.meta.dirname, '.'));
app.enable('view cache');
app.get('/healthz', (_req, res) => res.json({ status: 'ok' }));
app.use(
  session({
    store: new RedisStore({ client: new Redis(process.env.REDIS_URL) }),
    secret: 'a secret of the bench',
    resave: false,
    saveUninitialized: false,
  }),
);
app.get('/login', (req, res) => {
  req.session.person = { name: 'Ada Admin' };
  res.redirect(303, '/companies');
});
app.get('/companies', (req, res) => {
  if (req.session.person === undefined) return res.redirect(303, '/login');
  res.render('page', { page, rows });
});
app.listen(Number(process.env.PORT), '127.0.0.1');
