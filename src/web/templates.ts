import { join } from 'node:path';
import ejs from 'ejs';
import escapeHtml from 'escape-html';
import type { Response } from 'express';

/** Folder of the templates. Partials are included by their path from here, which saves looking for the file. */
export const VIEWS = join(import.meta.dirname, '../../views');

const TEMPLATES: ejs.Options = {
  cache: true,
  // Templates read from `locals`; in a `with` block every name would cost a lookup.
  strict: true,
  compileDebug: false,
  rmWhitespace: true,
  root: VIEWS,
  // A page has a thousand values, and the escaping of EJS takes twice as long.
  escape: escapeValue,
};

/** Renders a page for Express. EJS takes no options out of Express's settings any more (7.0), so they are handed to it. */
export function renderTemplate(
  path: string,
  values: object,
  callback: (error: Error | null, html?: string) => void,
): void {
  ejs.renderFile(path, values, TEMPLATES, callback);
}

/** Renders a view to text, for a page that is sent in pieces. */
export function renderFragment(res: Response, view: string, values: object): Promise<string> {
  return new Promise((resolve, reject) => {
    res.app.render(view, { ...res.locals, ...values }, (error: Error | null, html: string) => {
      if (error) reject(error);
      else resolve(html);
    });
  });
}

/** null and undefined render as an empty string. */
function escapeValue(value: unknown): string {
  return value === undefined || value === null ? '' : escapeHtml(String(value));
}
