import { describe, expect, it } from '@jest/globals';
import { ok, problem, warning } from '../../src/doctor/finding.ts';
import { formatCount, formatGroup } from '../../src/doctor/print.ts';

describe('formatGroup()', () => {
  it('writes a line for each, and below it what it is about and what to do', () => {
    const text = formatGroup('Store', [ok('fine'), problem('bad', 'mend it', ['this', 'that'])], false);

    expect(text).toBe(
      `${['Store', '  ok       fine', '  problem  bad', '           - this', '           - that', '           → mend it'].join('\n')}\n\n`,
    );
  });

  it('lets nothing through that a terminal would obey', () => {
    const text = formatGroup(
      'Store',
      [warning('a\u001b[2Jb\r\n  ok  all is well', 'c\u202ed', ['e\u0007'])],
      false,
    );

    expect(text).not.toMatch(/[^\P{C}\n]/u);
    expect(text.split('\n')).toHaveLength(6);
  });

  it('colours on demand', () => {
    expect(formatGroup('Store', [problem('bad', 'mend it')], true)).toContain('\u001b[31m');
  });
});

describe('formatCount()', () => {
  it('counts what is not well', () => {
    expect(formatCount([ok('a')])).toBe('All is well.\n');
    expect(formatCount([ok('a'), problem('b', '')])).toBe('1 problem, 0 warnings.\n');
    expect(formatCount([warning('a', ''), problem('b', ''), problem('c', '')])).toBe(
      '2 problems, 1 warning.\n',
    );
  });
});
