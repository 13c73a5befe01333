/** The texts of `/exports` in English, `exports.` of the catalogue. */
export const exportsEnglish = {
  title: 'Exports',
  lead: 'Files of companies, made in the background with your own rights. Each is kept for a day, and nobody else gets it.',
  toList: 'To the list of companies',
  everything: 'All companies',
  list: 'Your exports',
  empty: {
    title: 'No exports yet',
    text: 'Choose what you need in the list of companies, then “Export”: the file will be made of exactly that.',
  },
  states: {
    queued: 'Waiting for its turn',
    running: 'Reading from Bitrix24',
    finishing: 'Writing the file',
    done: 'Ready',
    failed: 'Failed',
    cancelled: 'Cancelled',
    waiting: 'Waiting for you',
  },
  progress: '{{rows}} of {{total}} companies',
  soFar_one: '{{formatted}} company so far',
  soFar_other: '{{formatted}} companies so far',
  companies_one: '{{formatted}} company',
  companies_other: '{{formatted}} companies',
  left: {
    soon: 'less than a minute left',
    minutes_one: 'about {{count}} minute left',
    minutes_other: 'about {{count}} minutes left',
    hours_one: 'about {{count}} hour left',
    hours_other: 'about {{count}} hours left',
  },
  kept: {
    soon: 'kept for less than an hour',
    hours_one: 'kept for {{count}} more hour',
    hours_other: 'kept for {{count}} more hours',
  },
  begun: 'begun {{ago}}',
  size: { bytes: '{{size}} bytes', kilobytes: '{{size}} KB', megabytes: '{{size}} MB' },
  progressOf: 'Progress of {{what}}',
  announced: '{{what}}: {{state}}',
  actions: {
    download: 'Download',
    cancel: 'Cancel',
    resume: 'Go on',
    forget: 'Forget',
    signIn: 'Sign in again',
  },
  columns: { phones: 'Phones', emails: 'E-mails', currency: 'Currency' },
  trouble: {
    trying: 'It goes on by itself as soon as that is over.',
    goOn: 'What was read so far is kept. Press “Go on” when you like.',
    signInFirst: 'Sign in again, then press “Go on”: what was read so far is kept.',
    default:
      'Something broke on our side. Begin the export anew; if it fails again, tell whoever runs this application.',
    disk_full: 'There is no room left on our disk. Tell whoever runs this application.',
    disk_not_writable:
      'This application may not write its files. Tell whoever runs it: DATA_DIR has to be writable.',
    access_denied: 'Bitrix24 says that you may not read companies.',
    sign_in_required: 'Bitrix24 does not let us in on your behalf any more.',
    portal_not_allowed: 'This portal may not be used here any more.',
    portal_mismatch: 'The portal’s address may not be used here any more.',
    app_misconfigured:
      'Bitrix24 does not accept this application’s keys. Whoever runs it has to correct them.',
    portal_limited: 'Bitrix24 asks for a pause.',
    portal_failed: 'Bitrix24 does not answer sensibly.',
    portal_refused:
      'The portal refuses our requests. Open the list of companies: there it says why, and who can change it.',
    portal_timeout: 'Bitrix24 does not answer in time.',
    reconnecting: 'Your access is being renewed, and Bitrix24 takes its time.',
    store_unavailable: 'Our own store was away.',
  },
};

/** What becomes part of `errors.` of the catalogue. */
export const exportErrorsEnglish = {
  too_many_exports: {
    default: {
      title: 'There are too many exports',
      text: 'Twenty are kept for each person. Forget some that you do not need any more, then begin this one again.',
    },
    all: {
      title: 'Too much is being exported just now',
      text: 'Many people are waiting for their files. Try again in a few minutes.',
    },
  },
};
