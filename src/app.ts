import type { RequestListener } from 'node:http';
import express from 'express';
import { currentUser } from './auth/current-user.ts';
import { receiveFrame } from './auth/frame-entry.ts';
import { isRedirectionEndpoint, loginAddress, ownAddress, parseReturnTo } from './auth/return-to.ts';
import { showCompany } from './companies/card-page.ts';
import { openView, showCompanies } from './companies/list-page.ts';
import { listAddress } from './companies/list-query.ts';
import { forgetView, saveLayout, saveView } from './companies/saved-views.ts';
import { sendExportEvents } from './exports/export-events.ts';
import { createViewReader } from './exports/export-view.ts';
import {
  cancelExport,
  forgetExport,
  resumeExport,
  sendExportFile,
  showExports,
  startExport,
} from './exports/exports-page.ts';
import { showHost } from './i18n/show-host.ts';
import { showOverview } from './overview/overview-page.ts';
import type { Services } from './services.ts';
import { ASSETS, assetAddresses, PUBLIC } from './web/assets.ts';
import { compressAnswers } from './web/compress-answers.ts';
import { errorPage, nothingHere } from './web/error-page.ts';
import { readReadinessSeldom, showHealth, showReadiness } from './web/health.ts';
import { chooseLanguage, setLanguage, setTimeZone } from './web/language.ts';
import { neverStored, protectiveHeaders } from './web/protect.ts';
import { requestLog } from './web/request-log.ts';
import { watchRequests } from './web/request-observer.ts';
import { pathAskedFor } from './web/request-target.ts';
import { createSubPath, putBelow, type SubPath } from './web/sub-path.ts';
import { renderTemplate, VIEWS } from './web/templates.ts';

/** The whole application: middleware in order, then every route. */
export function createApp(services: Services): RequestListener {
  const { publicUrl, clientId, portals, logger, now, observers, auth } = services;
  const { companyReader, preferences, overview, exports } = services;
  const isSecure = publicUrl.protocol === 'https:';
  const { portalOf } = auth.portalClients;
  const { requireAccess } = companyReader;
  const pathOrList = (returnTo: unknown) => parseReturnTo(returnTo, listAddress());
  const readView = createViewReader({ referenceDataFor: companyReader.referenceDataFor, preferences });

  const subPath = createSubPath(publicUrl);

  const app = express();
  configure(app, { isSecure, subPath, trustedProxies: services.trustedProxies });

  if (observers) app.use(watchRequests(observers.request));
  app.use(requestLog(logger.child({ clientId })));
  app.use(compressAnswers());
  app.use(protectiveHeaders({ publicUrl }));
  app.get('/healthz', showHealth());
  app.get('/readyz', showReadiness(services.isStopping, readReadinessSeldom(services.readiness)));
  // Before anything that can fail: an error page needs a language too.
  app.use(setLanguage());
  const assets = express.static(PUBLIC, { index: false, redirect: false, maxAge: '30d', immutable: true });
  app.use(ASSETS, assets);

  app.use(neverStored());
  app.post('/bitrix', receiveFrame({ publicUrl, portals }));
  app.use(auth.middleware);
  app.use(setTimeZone((req) => currentUser(req)?.timeZone ?? null));
  app.post('/language', chooseLanguage({ isSecure, parseReturnTo: pathOrList }));

  app.get('/', auth.handlers.showSignIn);
  app.get('/login', auth.handlers.startAuthorization);
  app.post('/login', auth.handlers.startTypedAuthorization);
  app.get('/bitrix', auth.handlers.finishAuthorization);
  app.post('/logout', auth.handlers.signOut);
  app.get('/companies', showCompanies({ portalOf, companyReader, preferences, now }));
  app.get('/companies/view', openView());
  app.post('/companies/views', saveView({ preferences }));
  app.post('/companies/views/forget', forgetView({ preferences }));
  app.post('/companies/layout', saveLayout({ preferences }));
  app.get('/companies/:id', showCompany({ portalOf, companyReader, now }));
  app.get('/overview', showOverview({ overview, now }));
  app.get('/exports', showExports({ exports, now }));
  app.post('/exports', startExport({ exports, readView }));
  app.get('/exports/events', sendExportEvents({ exports, isSignedIn: auth.isSignedIn, now }));
  app.get('/exports/:id/file', sendExportFile({ exports, requireAccess }));
  app.post('/exports/:id/cancel', cancelExport(exports));
  app.post('/exports/:id/resume', resumeExport(exports));
  app.post('/exports/:id/forget', forgetExport(exports));
  app.get('/account', auth.handlers.showAccount);
  app.get('/account/add', auth.handlers.showAnotherSignIn);
  app.post('/account/switch', auth.handlers.switchAccount);
  app.post('/account/leave', auth.handlers.leaveAccount);
  app.post('/account/sign-out-browser', auth.handlers.signOutBrowser);
  app.post('/account/sign-out-everywhere', auth.handlers.signOutEverywhere);

  app.use(nothingHere());
  app.use(auth.reauthorize);
  app.use(
    errorPage({ mayReload: auth.mayReload, ownAddress, loginAddress, isRedirectionEndpoint, publicUrl }),
  );
  return (req, res) => {
    req.url = subPath.inside(pathAskedFor(req.url ?? ''));
    // express-session asks this for the path of its cookie, and a proxy may have taken it off.
    Object.assign(req, { originalUrl: subPath.at(req.url) });
    app(req, res);
  };
}

function configure(
  app: express.Application,
  { isSecure, subPath, trustedProxies }: { isSecure: boolean; subPath: SubPath; trustedProxies: string[] },
): void {
  app.disable('x-powered-by');
  // Pages are never stored, so no browser could send an ETag back.
  app.disable('etag');
  app.set('is secure', isSecure);
  app.set('trust proxy', trustedProxies);
  app.set('query parser', 'simple');
  // The last resort of Express shows stack traces unless it believes to be in production.
  app.set('env', 'production');
  app.set('view engine', 'ejs');
  // In development too: `npm run dev` restarts when a view changes.
  app.enable('view cache');
  app.set('views', VIEWS);
  app.engine('ejs', renderTemplate);
  app.locals.asset = assetAddresses(subPath.at);
  app.locals.showHost = showHost;
  putBelow(app, subPath);
}
