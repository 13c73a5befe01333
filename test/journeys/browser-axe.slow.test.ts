import { describe } from '@jest/globals';
import { auditEveryPage, LOOKS } from './axe-looks.ts';

const { narrowDark, narrowLight, wideLight, wideDark } = LOOKS;

describe('in the looks that browser-axe.test.ts leaves out', () => {
  auditEveryPage([narrowDark, wideLight, wideDark], ['Russian']);
});
describe('in all looks', () => {
  auditEveryPage([narrowDark, narrowLight, wideLight, wideDark], ['English']);
});
