import axe from 'axe-core';
import type { Page } from 'playwright-core';

/** WCAG up to 2.2, levels A and AA. */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa'];

/** What axe-core holds against a page as it is drawn just now; one text for each element that breaks a rule. */
export async function auditPage(page: Page): Promise<string[]> {
  // Our policy lets no page load it, so it is put there from outside.
  if (!(await page.evaluate<boolean>(`'axe' in window`))) await page.evaluate(axe.source);
  const options = { runOnly: TAGS, resultTypes: ['violations'], preload: false };
  return page.evaluate<string[]>(
    `axe.run(document, ${JSON.stringify(options)}).then(({ violations }) =>
      violations.flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary }) => id + ' at ' + target.join(' ') + ': ' + failureSummary)))`,
  );
}
