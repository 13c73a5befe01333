import { auditEveryPage, LOOKS } from './axe-looks.ts';

/** The look in which there is least room. The others are in `browser-axe.slow.test.ts`. */
auditEveryPage([LOOKS.narrowLight]);
