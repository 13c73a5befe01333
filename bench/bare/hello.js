import express from 'express';

/** The peer: Express, and nothing else. */
const app = express();
app.get('/healthz', (_req, res) => res.json({ status: 'ok' }));
app.listen(Number(process.env.PORT), '127.0.0.1');
