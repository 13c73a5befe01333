import type { CompanyCounts } from '../../bitrix24/crm/company-counts.ts';
import { listAddress } from '../../companies/list-query.ts';
import { type PlotLocale, plotWords } from './plot-words.ts';

/** A headline number, what it counts, and what it compares to. */
export interface Figure {
  number: string;
  label: string;
  detail: string | null;
  href: string;
}

/** The headline numbers of the page. Those that the portal did not count are left out. */
export function headlineFigures(counts: CompanyCounts, reader: PlotLocale): Figure[] {
  const { t, format } = reader;
  const { total, withoutPhone, withoutEmail } = counts;
  const words = plotWords(reader);
  const figureOf = (name: string, count: number | null | undefined, href: string, detail: string | null) =>
    count === null || count === undefined
      ? []
      : [{ number: format.number(count), label: t(`overview.figures.${name}`, { count }), detail, href }];
  const shareOf = (count: number | null) =>
    count === null ? null : t('overview.figures.share', { share: words.share(count, total) });
  const month = counts.months.at(-1);
  return [
    ...figureOf('total', total, listAddress(), null),
    ...figureOf(
      'new',
      month?.count,
      listAddress(month && { created_from: month.first, created_to: month.last }),
      describeChange(counts, reader),
    ),
    ...figureOf('withoutPhone', withoutPhone, listAddress({ has_phone: 'no' }), shareOf(withoutPhone)),
    ...figureOf('withoutEmail', withoutEmail, listAddress({ has_email: 'no' }), shareOf(withoutEmail)),
  ];
}

/** The current month is compared with as much of the month before. */
function describeChange({ months, sameDaysBefore }: CompanyCounts, { t, format }: PlotLocale): string | null {
  const count = months.at(-1)?.count;
  if (typeof count !== 'number' || sameDaysBefore === null) return null;
  const change = count - sameDaysBefore;
  const direction = change > 0 ? 'more' : change < 0 ? 'fewer' : 'same';
  return t(`overview.figures.${direction}`, { formatted: format.number(Math.abs(change)) });
}
