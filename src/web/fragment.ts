import type { Response } from 'express';

/** Renders a partial for a page that keeps it; in the page it stands where an `include` would. */
export function renderFragment(res: Response, partial: string, values: object): Promise<string> {
  return new Promise((resolve, reject) => {
    res.app.render(partial, { ...res.locals, ...values }, (error: Error | null, html: string) => {
      if (error) reject(error);
      else resolve(html);
    });
  });
}
