import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Response } from 'express';
import express from 'express';
import type { Company } from '../../src/bitrix24/crm/company.ts';
import type { CompanyPage } from '../../src/bitrix24/crm/company-list.ts';
import { ReferenceData } from '../../src/bitrix24/crm/reference-data.ts';
import { listHtml } from '../../src/companies/list-html.ts';
import { readListView } from '../../src/companies/list-query.ts';
import type { ShownList } from '../../src/companies/list-values.ts';
import { createFormat } from '../../src/i18n/format.ts';
import type { Language } from '../../src/i18n/languages.ts';
import { findTimeZone } from '../../src/i18n/time-zone.ts';
import { translateInto } from '../../src/i18n/translate.ts';
import { renderTemplate, VIEWS } from '../../src/web/templates.ts';

/** One answer, asked for by one user, which may be shown in several ways. */
const PAGE: CompanyPage = aPage('Alpha');

function aPage(title: string): CompanyPage {
  const company: Company = {
    id: 1,
    title,
    type: null,
    industry: null,
    employees: null,
    phones: [],
    emails: [],
    revenue: null,
    currency: null,
    responsible: null,
    created: '2026-03-05T20:30:00+03:00',
    modified: null,
  };
  return {
    companies: [company],
    total: 1,
    hasMore: false,
    seconds: undefined,
    referenceData: new ReferenceData(),
  };
}

describe('listHtml()', () => {
  let app: express.Application;
  beforeAll(() => {
    app = express();
    app.set('view engine', 'ejs');
    app.set('views', VIEWS);
    app.engine('ejs', renderTemplate);
    app.locals.at = (address: string) => address;
  });

  async function render(
    page: CompanyPage,
    {
      language = 'en',
      zone = 'Europe/Moscow',
      query = {},
      columns = ['title', 'created'],
    }: Partial<{
      language: Language;
      zone: string;
      query: Record<string, string>;
      columns: ShownList['preferences']['columns'];
    }> = {},
  ): Promise<string> {
    const timeZone = findTimeZone(zone);
    const locals = {
      language,
      zone: timeZone,
      t: translateInto(language),
      format: createFormat(language, timeZone),
    };
    const { top, body } = await listHtml({ app, locals } as unknown as Response, page, {
      view: readListView(query),
      preferences: { columns, density: 'compact', views: [] },
      searchedBy: undefined,
      portalListHref: 'https://acme.example/crm/company/list/',
    });
    return top + body;
  }

  it('for the same answer, view and reader › is the same', async () => {
    expect(await render(PAGE)).toBe(await render(PAGE));
  });

  it.each<[string, Parameters<typeof render>[1], RegExp]>([
    ['another language', { language: 'ru' }, /Компании/],
    ['another time zone', { zone: 'Asia/Vladivostok' }, /06 Mar 2026/],
    ['another address of the same companies', { query: { responsible: '1' } }, /responsible=1/],
    ['other columns', { columns: ['title', 'industry'] }, /col-industry/],
  ])('for %s › is another', async (_case, options, wanted) => {
    expect(await render(PAGE)).not.toMatch(wanted);
    expect(await render(PAGE, options)).toMatch(wanted);
  });

  it('for another answer › is another, however alike the two are', async () => {
    expect(await render(aPage('Beta'))).toContain('Beta');
    expect(await render(aPage('Gamma'))).toContain('Gamma');
  });
});
