import { describe, expect, it } from '@jest/globals';
import { asLiteral, asPhoneText } from '../../../src/exports/files/literal-text.ts';
import { endsAtAll } from '../../support/ends-at-all.ts';

describe('asLiteral', () => {
  it.each([
    '8 (800) 555',
    '8-800-555-35-35',
    'Alpha',
    '',
    '-',
    '--',
    '- -',
    '+',
    '-5',
    '+1,5',
    '+7 4991110022',
  ])('when it is %j › is left alone', (text) => {
    expect(asLiteral(text)).toBe(text);
  });

  it.each([
    ['+79001234567', '+7 9001234567'],
    ['+7 (900) 123-45-67', '+7 (900) 123 45 67'],
    ['+44 20 7946 0000, 8 800 555-35-35', '+44 20 7946 0000, 8 800 555 35 35'],
    ['+7 900 1,+7 900 2', '+7 900 1, +7 900 2'],
    ['+48 600 123 456', '+48 (600) 123 456'],
    ['+7 900 123 ext. 5', '+7 900 123 ext. 5'],
  ])('when it is the phone %j › is written without what a spreadsheet would calculate', (text, phone) => {
    expect(asLiteral(text)).toBe(phone);
  });

  it.each([
    '+7;=1+1',
    '+7 900 1, =1+1',
    '+7 900 1\n',
    '-7 900',
    '+7 900 1, A1',
    '+7+7',
    '+7 900 123 call A1',
    '=1',
    '@a',
    '\t1',
    ' =1+1',
    '\u00a0=1+1',
    '\u3000@a',
    '\u200b=1',
    '  +1+1',
    '\n=1',
    '- delivery',
    '-5%',
    '-2+3',
  ])('when it is %j › gets an apostrophe', (text) => {
    expect(asLiteral(text)).toBe(`'${text}`);
  });

  it('when it looks like a million phones and is none › is recognised without trying every way to split them', () => {
    const text = `+7${', 7'.repeat(1_000_000)}x`;

    // Looking from each of them at all that follow would take hours.
    const literal = endsAtAll(() => asLiteral(text));

    expect(literal === `'${text}`).toBe(true);
  });
});

describe('asPhoneText', () => {
  it.each([
    ['+74991110022', '+7 4991110022'],
    ['+7-495-1234567', '+7 495 1234567'],
    ['+7 (495) 123-45-67', '+7 (495) 123 45 67'],
    ['+7 495 123‑45–67', '+7 495 123 45 67'],
    ['+442079460000', '+44 2079460000'],
    ['+380671234567', '+380 671234567'],
    ['84991110022', '8 4991110022'],
    ['4991110022', '499 1110022'],
    ['8-800-555-35-35', '8 800 555 35 35'],
    ['12-12-26', '12 12 26'],
    ['+1.202.555.0100', '+1 202 555 0100'],
    ['(4951234567)', '495 1234567'],
    ['0112', '(0) 112'],
    ['+48 600-123-456', '+48 (600) 123 456'],
    ['123-456', '(123) 456'],
    ['+74991112', '+7 4991112'],
    ['\u202a+7\u00a0495 123-45-67\u202c', '+7 495 123 45 67'],
    ['+7 495 123-45-67 доб. 101', '+7 495 123 45 67 доб. 101'],
    ['112', '112'],
    ['нет', 'нет'],
    ['call - maybe', 'call - maybe'],
    ['+7 900, A1', '+7 900, A1'],
    ['', ''],
  ])('when it is %j › is %j', (text, phone) => {
    expect(asPhoneText(text)).toBe(phone);
    expect(asPhoneText(phone)).toBe(phone);
  });

  it.each(['+7-', '7 ', ' ', '-', '- ', '(', '+7\u00a0', '\u00a0', '7.', '.'])(
    'when it is %j a hundred thousand times › comes to an end',
    (unit) => {
      expect(endsAtAll(() => asPhoneText(`+7${unit.repeat(100_000)}`)).length).toBeGreaterThan(0);
    },
  );
});
