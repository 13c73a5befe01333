import { auditEveryPage, LOOKS } from './axe-looks.ts';

/** Where there is least room: the longer words on the narrower screen. All else is in `browser-axe.slow.test.ts`. */
auditEveryPage([LOOKS.narrowLight], ['Russian']);
