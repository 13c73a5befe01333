import { join } from 'node:path';
import express from 'express';

/** The peer: Express and EJS alone, fifty rows that are already in memory; no session, no portal, no headers. */
const companies = Array.from({ length: 50 }, (_, index) => ({
  id: 12_000 - index,
  title: `Company number ${index}`,
  type: 'Client',
  industry: 'Information technology',
  phone: '+7 495 000-00-00',
  email: `office${index}@company.example`,
  responsible: 'Ada Admin',
  revenue: '1 000 000 €',
  created: '05.03.2026',
  modified: '06.04.2026',
}));

const app = express();
app.set('view engine', 'ejs');
app.set('views', join(import.meta.dirname, '.'));
app.get('/healthz', (_req, res) => res.json({ status: 'ok' }));
app.get('/companies', (_req, res) => res.render('page', { companies }));
app.listen(Number(process.env.PORT), '127.0.0.1');
