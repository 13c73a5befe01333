import express from 'express';

/** The server to compare with: Express only. */
const app = express();
app.get('/healthz', (_req, res) => res.json({ status: 'ok' }));
app.listen(Number(process.env.PORT), '127.0.0.1');
