import { styleText } from 'node:util';
import { count, type Finding } from './finding.ts';

const COLOURS = { ok: 'green', warning: 'yellow', problem: 'red' } as const;

/** As wide as the level in front of a finding, so that the lines below it align with its text. */
const INDENT = ' '.repeat('  problem  '.length);

/** A heading, and a line for each finding with its details and its remedy below. */
export function formatGroup(title: string, findings: Finding[], isColourful: boolean): string {
  const paint = (colour: 'green' | 'yellow' | 'red' | 'bold', text: string) =>
    isColourful ? styleText(colour, text, { validateStream: false }) : text;
  const lines = findings.flatMap(({ level, what, which = [], remedy }) => [
    `  ${paint(COLOURS[level], level.padEnd(7))}  ${plain(what)}`,
    ...which.map((line) => `${INDENT}- ${plain(line)}`),
    ...(remedy === undefined ? [] : [`${INDENT}→ ${plain(remedy)}`]),
  ]);
  return `${paint('bold', title)}\n${lines.join('\n')}\n\n`;
}

/** The last line. */
export function formatCount(findings: Finding[]): string {
  const of = (level: Finding['level']) => findings.filter((finding) => finding.level === level).length;
  const [problems, warnings] = [of('problem'), of('warning')];
  if (problems + warnings === 0) return 'All is well.\n';
  return `${count(problems, 'problem')}, ${count(warnings, 'warning')}.\n`;
}

/** Records and answers may hold control characters, which a terminal would obey. */
function plain(text: string): string {
  return text.replace(/\p{C}/gu, '?').slice(0, 1000);
}
