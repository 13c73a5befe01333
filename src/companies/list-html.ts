import type { Response } from 'express';
import { LRUCache } from 'lru-cache';
import type { CompanyPage } from '../bitrix24/crm/company-list.ts';
import { languageOf, localeOf } from '../web/language.ts';
import { renderFragment } from '../web/templates.ts';
import { writeListView } from './list-query.ts';
import { buildListValues, type ShownList } from './list-values.ts';

/** The two parts of a list's page that depend on its answer, its view and its reader alone. */
export interface ListHtml {
  /** What stands above the rows. */
  top: string;
  /** The rows, and what is below them. */
  body: string;
}

/** Characters of all pages together. */
const MAX_CHARACTERS = 8 * 1024 * 1024;

const rendered = new LRUCache<string, ListHtml>({
  maxSize: MAX_CHARACTERS,
  sizeCalculation: ({ top, body }) => top.length + body.length,
});

/**
 * HTML is kept for as long as the answer it was made of: it is found by that very object, so a newer answer, another
 * portal user's or one that was forgotten never leads to it. Rendering takes four fifths of a page (decision 0017).
 */
const numbers = new WeakMap<CompanyPage, number>();
let lastNumber = 0;

export async function listHtml(res: Response, page: CompanyPage, shown: ShownList): Promise<ListHtml> {
  const key = keyOf(res, page, shown);
  const known = rendered.get(key);
  if (known) return known;
  const values = buildListValues(page, shown, localeOf(res));
  const html = {
    top: await renderFragment(res, 'partials/list-top', values),
    body: await renderFragment(res, 'partials/list-body', values),
  };
  rendered.set(key, html);
  return html;
}

/** Everything that the HTML depends on. */
function keyOf(res: Response, page: CompanyPage, { view, preferences }: ShownList): string {
  const { zone } = res.locals as { zone?: { name: string } };
  return JSON.stringify([numberOf(page), languageOf(res), zone?.name, writeListView(view), preferences]);
}

function numberOf(page: CompanyPage): number {
  const known = numbers.get(page);
  if (known !== undefined) return known;
  lastNumber += 1;
  numbers.set(page, lastNumber);
  return lastNumber;
}
