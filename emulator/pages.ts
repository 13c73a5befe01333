import type { CompanyRow, CrmValue } from './crm/row.ts';
import type { EmulatorContext } from './emulator-context.ts';
import type { Portal, PortalUser } from './portal/portal.ts';
import type { RecordedRequest } from './record/recorded-request.ts';

/**
 * Markup whose values are escaped. The `html` tag escapes every value: a company may be called `<script>`, and
 * `state` may be any text.
 */
class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Content = Markup | Markup[] | string | number | undefined;

function html(strings: TemplateStringsArray, ...values: Content[]): Markup {
  return new Markup(strings.reduce((text, part, index) => `${text}${render(values[index - 1])}${part}`));
}

function render(value: Content): string {
  if (value instanceof Markup) return value.text;
  if (Array.isArray(value)) return value.map(render).join('');
  return escapeHtml(String(value ?? ''));
}

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}

const STYLE = new Markup(`
  body { font: 16px/1.5 system-ui, sans-serif; margin: 0; background: #eef2f4; color: #333; }
  main { max-width: 60rem; margin: 2rem auto; padding: 1.5rem 2rem; background: #fff; border-radius: 8px; }
  header { background: #2fc6f6; color: #fff; padding: .75rem 2rem; } header a { color: inherit; }
  table { border-collapse: collapse; font-size: 14px; } td, th { padding: .25rem .75rem .25rem 0; text-align: left; vertical-align: top; }
  td { overflow-wrap: anywhere; }
  label { display: block; margin: .75rem 0; } input { font: inherit; padding: .4rem; width: 16rem; display: block; }
  button { font: inherit; padding: .4rem 1rem; border: 0; border-radius: 4px; background: #2fc6f6; color: #fff; cursor: pointer; }
  .choices { display: flex; flex-wrap: wrap; gap: .5rem; margin: 1rem 0; } .choices button { background: #535c69; }
  .error { color: #b00020; } .note { color: #666; font-size: 14px; }
`);

function wholePage(language: string, title: string, heading: Content, main: Markup): string {
  return html`<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><style>${STYLE}</style></head>
<body><header>${heading}</header><main>${main}</main></body>
</html>
`.text;
}

const TEXTS = {
  en: {
    signIn: 'Sign in',
    login: 'Login',
    password: 'Password',
    wrong: 'Wrong login or password.',
    choose: 'Or come in as',
    emulated: 'This is an emulated Bitrix24 portal. Its people and companies are invented.',
    nobody: 'Nobody is signed in.',
    signedInAs: 'Signed in as',
    signOut: 'Sign out',
    companies: 'Companies',
    inAll: 'in all',
    failed: 'The application could not be authorized',
  },
  ru: {
    signIn: 'Войти',
    login: 'Логин',
    password: 'Пароль',
    wrong: 'Неверный логин или пароль.',
    choose: 'Или войдите как',
    emulated: 'Это эмулятор портала Битрикс24. Люди и компании вымышлены.',
    nobody: 'Никто не вошёл.',
    signedInAs: 'Вы вошли как',
    signOut: 'Выйти',
    companies: 'Компании',
    inAll: 'всего',
    failed: 'Не удалось авторизовать приложение',
  },
};

function portalDocument(portal: Portal, title: string, main: Markup): string {
  return wholePage(
    portal.language,
    `${title} · ${portal.title}`,
    html`<a href="/">${portal.title}</a>`,
    main,
  );
}

/**
 * The sign-in form. It needs no scripts, and posts to its own address so that the query of the authorization request
 * is kept.
 */
export function signInPage(view: { portal: Portal; action: string; failedLogin?: string }): string {
  const { portal, action, failedLogin } = view;
  const text = TEXTS[portal.language];
  return portalDocument(
    portal,
    text.signIn,
    html`<h1>${text.signIn}</h1>
${failedLogin === undefined ? undefined : html`<p class="error" role="alert">${text.wrong}</p>`}
<form method="post" action="${action}" id="sign-in">
  <label>${text.login} <input name="login" value="${failedLogin ?? ''}" autocomplete="username" required autofocus></label>
  <label>${text.password} <input name="password" type="password" autocomplete="current-password" required></label>
  <button>${text.signIn}</button>
</form>
<p>${text.choose}</p>
<div class="choices">${portal.users.filter(({ offered, active }) => offered && active).map((user) => signInAs(user, action))}</div>
<p class="note">${text.emulated}</p>`,
  );
}

function signInAs({ login, password, name, lastName, position }: PortalUser, action: string): Markup {
  const title = position === '' ? `${name} ${lastName}` : `${name} ${lastName}, ${position}`;
  return html`<form method="post" action="${action}">
<input type="hidden" name="login" value="${login}"><input type="hidden" name="password" value="${password}">
<button data-login="${login}">${title}</button></form>`;
}

/** The page that ends a failed authorization (section 1.2). */
export function authorizeErrorPage({ portal, text }: { portal: Portal; text: string }): string {
  const { failed } = TEXTS[portal.language];
  return portalDocument(portal, failed, html`<h1>${failed}</h1><p class="error">${text}</p>`);
}

export function homePage({ portal, user }: { portal: Portal; user: PortalUser | undefined }): string {
  const text = TEXTS[portal.language];
  const account = user
    ? html`<p>${text.signedInAs} ${user.name} ${user.lastName}</p>
<p><a href="/crm/company/list/">${text.companies}</a></p>
<form method="post" action="/logout/"><button>${text.signOut}</button></form>`
    : html`<p>${text.nobody}</p>
<div class="choices">${portal.users.filter(({ offered, active }) => offered && active).map((each) => signInAs(each, '/'))}</div>`;
  return portalDocument(
    portal,
    portal.title,
    html`<h1>${portal.title}</h1>${account}<p class="note">${text.emulated}</p>`,
  );
}

export function companyPage({ portal, company }: { portal: Portal; company: CompanyRow }): string {
  const rows = portal.companies.fields
    .filter(({ name }) => company[name] !== undefined && company[name] !== null && company[name] !== '')
    .map(
      (field) =>
        html`<tr><th>${field[portal.language]}</th><td>${formatValue(company[field.name])}</td></tr>`,
    );
  return portalDocument(portal, company.TITLE, html`<h1>${company.TITLE}</h1><table>${rows}</table>`);
}

function formatValue(value: CrmValue | undefined): string {
  if (!Array.isArray(value)) return value ?? '';
  return value
    .map((item) => (typeof item === 'string' ? item : `${item.VALUE} (${item.VALUE_TYPE})`))
    .join(', ');
}

export function companyListPage(view: { portal: Portal; companies: CompanyRow[]; total: number }): string {
  const { portal, companies, total } = view;
  const text = TEXTS[portal.language];
  const items = companies.map(
    ({ ID, TITLE }) => html`<li><a href="/crm/company/details/${ID}/">${TITLE}</a></li>`,
  );
  return portalDocument(
    portal,
    text.companies,
    html`<h1>${text.companies}</h1><ul>${items}</ul><p class="note">${total} ${text.inAll}</p>`,
  );
}

export function notFoundPage(text: string): string {
  return wholePage('en', 'Not found', 'Bitrix24 emulator', html`<h1>404</h1><p>${text}</p>`);
}

/** The start page of the control interface: portals, users, applications and recent requests. */
export function controlPage({ portals, clients, log, serverDomain }: EmulatorContext): string {
  const recent = log.requests.filter(({ kind }) => kind !== 'control').slice(-20);
  return wholePage(
    'en',
    'Bitrix24 emulator',
    'Bitrix24 emulator',
    html`<h1>Portals</h1>
${portals.all.map((portal) => portalTable(portal, portals.originOf(portal)))}
<h1>Applications</h1>
<table><tr><th>client_id</th><th>client_secret</th><th>redirect URI</th><th>scope</th></tr>
${clients.all().map((client) => html`<tr><td>${client.clientId}</td><td>${client.clientSecret}</td><td>${client.redirectUri}</td><td>${client.scope.join(', ')}</td></tr>`)}
</table>
<p class="note">Authorization server: ${serverDomain}</p>
<h1>Recent requests</h1>
${requestTable(recent)}
<p><a href="/_emulator/requests">All requests</a></p>`,
  );
}

function portalTable(portal: Portal, origin: string): Markup {
  return html`<h2><a href="${origin}/">${portal.title}</a></h2>
<p class="note">${origin}, member_id ${portal.memberId}, ${portal.companies.size} companies</p>
<table><tr><th>ID</th><th>Login</th><th>Password</th><th>Name</th><th>CRM</th></tr>
${portal.users.map((user) => html`<tr><td>${user.id}</td><td>${user.login}</td><td>${user.password}</td><td>${user.name} ${user.lastName}</td><td>${user.crm}</td></tr>`)}
</table>`;
}

export function requestsPage(requests: RecordedRequest[]): string {
  return wholePage(
    'en',
    'Requests',
    html`<a href="/_emulator/">Bitrix24 emulator</a>`,
    requestTable(requests),
  );
}

function requestTable(requests: RecordedRequest[]): Markup {
  return html`<table><tr><th>#</th><th>At</th><th>Portal</th><th>Request</th><th>Status</th><th>Error</th><th>User</th><th>ms</th><th>Parameters</th></tr>
${requests.toReversed().map(requestRow)}</table>`;
}

function requestRow(request: RecordedRequest): Markup {
  return html`<tr><td>${request.id}</td><td>${request.at.toISOString().slice(11, 23)}</td><td>${request.portal}</td>
<td>${request.httpMethod} ${request.path}</td><td>${request.status ?? '–'}</td><td>${request.error}</td><td>${request.userId}</td>
<td>${Math.round(request.durationMs)}</td><td>${JSON.stringify(request.params)}</td></tr>`;
}
