import axe, { type RunOptions } from 'axe-core';
import type { Page } from 'playwright-core';

/** WCAG up to 2.2, levels A and AA. */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa'];

/**
 * What axe-core holds against a page as it is drawn just now; one text for each element that breaks a rule.
 *
 * @param without  rules that do not count there
 */
export function auditPage(page: Page, { without = [] }: { without?: string[] } = {}): Promise<string[]> {
  const rules = Object.fromEntries(without.map((rule) => [rule, { enabled: false }]));
  return audit(page, { runOnly: TAGS, rules });
}

/** As `auditPage`, of the rules about colours alone, for a page whose other looks were audited in full. */
export function auditColors(page: Page): Promise<string[]> {
  return audit(page, { runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } });
}

async function audit(page: Page, chosen: RunOptions): Promise<string[]> {
  // Our policy lets no page load it, so it is put there from outside.
  if (!(await page.evaluate<boolean>(`'axe' in window`))) await page.evaluate(axe.source);
  const options = { ...chosen, resultTypes: ['violations'], preload: false };
  return page.evaluate<string[]>(
    `axe.run(document, ${JSON.stringify(options)}).then(({ violations }) =>
      violations.flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary }) => id + ' at ' + target.join(' ') + ': ' + failureSummary)))`,
  );
}
