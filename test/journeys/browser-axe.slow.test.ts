import { auditEveryPage, LOOKS } from './axe-looks.ts';

/** The looks that `browser-axe.test.ts` leaves out. */
auditEveryPage([LOOKS.narrowDark, LOOKS.wideLight, LOOKS.wideDark]);
