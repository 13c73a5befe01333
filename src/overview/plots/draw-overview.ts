import type { CompanyCounts } from '../../bitrix24/crm/company-counts.ts';
import { layOutBars, type PlotRow } from './bars.ts';
import { layOutColumns } from './column-plot.ts';
import { cutText } from './cut-text.ts';
import {
  dictionaryPanel,
  MAX_LETTERS,
  monthsPanel,
  type Panel,
  responsiblePanel,
  revenuePanel,
} from './panels.ts';
import { isolated, type PlotLocale, type PlotWords, plotWords } from './plot-words.ts';

/**
 * Computes the places of everything in the plots; the templates write the elements. No plotting library, because every bar has to be
 * a real link with a name and classes of our own, and our policy forbids the `<style>` that Observable Plot adds. Loading
 * one took 405 ms (Vega), 510 ms (Observable Plot with linkedom) and 880 ms (ECharts) on Node 20.20.
 */
export function drawOverview(counts: CompanyCounts, reader: PlotLocale) {
  const words = plotWords(reader);
  const { total } = counts;
  const months = monthsPanel(counts, words);
  const barPanels = [
    dictionaryPanel('types', counts, words),
    revenuePanel(counts, words),
    dictionaryPanel('industries', counts, words),
    responsiblePanel(counts, words),
  ];
  const { columns, ...plot } = layOutColumns(months.bars);
  return [
    {
      ...describePanel(months, words, total),
      columnPlot: { ...plot, columns: columns.map((column) => describe(column, words, total)) },
      barPlot: null,
    },
    ...barPanels.map((panel) => {
      const { bars, ...size } = layOutBars(panel.bars.filter(isCounted));
      return {
        ...describePanel(panel, words, total),
        columnPlot: null,
        barPlot: { ...size, bars: bars.map((bar) => describe(bar, words, total)) },
      };
    }),
  ];
}

function describePanel({ name, lead, notes, rows }: Panel, words: PlotWords, total: number) {
  const { t, format } = words;
  const table = rows.map(({ label, count, href }) => ({
    label,
    href,
    number: count === null ? t('overview.table.unknown') : format.number(count),
    share: count === null ? '' : words.share(count, total),
  }));
  return { name, lead, notes, table };
}

/** A bar with all its texts. */
function describe<Row extends PlotRow & { count: number }>(row: Row, words: PlotWords, total: number) {
  const { t, format } = words;
  const [number, share] = [format.number(row.count), words.share(row.count, total)];
  return {
    ...row,
    shortLabel: cutText(row.label, MAX_LETTERS),
    number,
    share,
    description: t('overview.bar', {
      label: isolated(row.label),
      count: row.count,
      formatted: number,
      share,
    }),
  };
}

function isCounted(row: PlotRow): row is PlotRow & { count: number } {
  return row.count !== null;
}
