import { exportErrorsEnglish, exportsEnglish } from './exports.en.ts';
import { list } from './list.en.ts';
import { overviewEnglish } from './overview.en.ts';

/** English. Keys, placeholders and plural forms are compared with Russian by test/i18n/messages.test.ts. */
export const english = {
  app: {
    rooms: 'Sections',
    companies: 'Companies',
    overview: 'Overview',
    exports: 'Exports',
    name: 'Companies',
    tagline: 'Your Bitrix24 companies, with your own rights',
    skip: 'Skip to content',
  },
  language: { label: 'Language', en: 'English', ru: 'Русский' },
  person: {
    signedInAs: 'Signed in as',
    unnamed: 'User {{id}}',
    signOut: 'Sign out',
    account: 'Account',
    signOutAll: 'Sign out of all portals here',
    alsoHere: 'Also signed in here',
  },
  signIn: {
    title: 'Sign in',
    lead: 'Find and read the companies of your Bitrix24 portal. You see what your own rights allow, nothing more.',
    choose: 'Choose your portal',
    continueWith: 'Sign in with {{host}}',
    typeAddress: 'Portal address',
    typeHint: 'For example {{example}}',
    typeAction: 'Continue',
    orType: 'or another portal',
    another: 'Sign in to another portal',
    anotherLead:
      'You stay signed in as {{name}} at {{host}}, and switch between the two at the top of every page.',
    anotherHint:
      'To sign in at the same portal as somebody else, sign out there first: Bitrix24 lets in whoever it still knows.',
    known: 'signed in here already',
    anotherBack: 'Back to the account',
    stillHere: 'Still signed in here',
    continueAs: 'Continue as {{name}}',
    privacy:
      'You sign in at Bitrix24 itself. We never see your password; the access it grants stays on the server, sealed.',
    stuck:
      'If Bitrix24 shows an error instead of coming back here, the application may not be installed on that portal: ask its administrator.',
  },
  signedOut: {
    title: 'You are signed out here',
    text: 'Bitrix24 itself is still signed in on this browser.',
    link: 'Open {{host}}',
    elsewhere: {
      title: 'You were signed out of this browser',
      text: 'It was done from another browser, or you have not been here for a long time. Bitrix24 itself may still be signed in.',
    },
  },
  list,
  card: {
    back: 'All companies',
    openInPortal: 'Open in Bitrix24',
    summary: 'At a glance',
    contacts: 'Phone, e-mail, web',
    details: 'Details',
    address: 'Address',
    own: 'More fields',
    comments: 'Comments',
    people: 'People',
    deals: 'Deals',
    noPeople: 'No contact is tied to this company.',
    noDeals: 'There are no deals with this company.',
    mayNotRead: 'The portal does not show them to you.',
    moreInPortal: 'All {{formatted}} in Bitrix24',
    unnamedContact: 'Unnamed contact',
    outcome: { won: 'won', lost: 'lost' },
    previous: 'Previous company',
    next: 'Next company',
    copy: 'Copy',
    copied: 'Copied',
    theirCompanies: 'Companies of {{name}}',
    record: 'About this record',
    none: '—',
    noContacts: 'No phone or e-mail is recorded.',
    yes: 'Yes',
    no: 'No',
    file: 'A file, kept in Bitrix24',
    opensElsewhere: 'opens in Bitrix24',
    chat: 'A chat of an open channel',
    references: {
      lead: 'Lead {{id}}',
      deal: 'Deal {{id}}',
      contact: 'Contact {{id}}',
      company: 'Company {{id}}',
      quote: 'Estimate {{id}}',
      invoice: 'Invoice {{id}}',
      item: 'Item {{id}}',
      record: 'CRM record {{id}}',
      listElement: 'List item {{id}}',
      listSection: 'List section {{id}}',
      booking: 'Booking {{id}}',
      directoryEntry: 'Directory entry {{id}}',
    },
    valueTypes: {
      WORK: 'work',
      MOBILE: 'mobile',
      FAX: 'fax',
      HOME: 'home',
      PAGER: 'pager',
      MAILING: 'mailing',
      OTHER: 'other',
      VK: 'VK',
      BITRIX24: 'Bitrix24',
      OPENLINE: 'open channel',
      IMOL: 'open channel',
      LIVEJOURNAL: 'LiveJournal',
    },
  },
  overview: overviewEnglish,
  account: {
    title: 'Account',
    userId: 'User {{id}}',
    at: '{{at}} UTC',
    rights: {
      title: 'Rights',
      administrator: 'Portal administrator',
      companies: 'CRM companies',
      mayRead: 'Yes, those that your rights in CRM allow',
      noPermission: 'No: the application lacks the CRM permission',
      noPermissionHelp:
        'The portal’s administrator has to tick “CRM (crm)” on the application’s card, then you sign in again.',
      mayNotRead: 'No: you have no right to read companies',
      mayNotReadHelp: 'Ask the portal’s administrator for the right to read companies in CRM.',
      scope: 'The application may use',
      noScope: 'Nothing but your name',
      unknown: 'The portal did not tell',
      notAsked: 'The portal could not be asked just now',
      notAskedHelp: 'Everything else on this page is up to date. Open it again to ask once more.',
      scopes: {
        crm: 'CRM',
        user: 'People',
        user_basic: 'People, basic data',
        user_brief: 'People, names only',
      },
    },
    access: {
      title: 'Access to the portal',
      hint: 'Bitrix24 gave us this access when you signed in. It is kept sealed on the server and renews itself.',
      state: 'State',
      states: {
        ok: 'Works',
        suspect: 'May have ended',
        reauth: 'Ended',
        missing: 'There is none',
      },
      help: {
        suspect: 'A renewal got lost on the way. If pages ask you to sign in, that is why, and it helps.',
        reauth: 'Bitrix24 does not renew it any more. Signing in again brings a new one.',
        missing: 'It was forgotten, perhaps from another browser. Signing in again brings a new one.',
      },
      since: 'Signed in',
      renewed: 'Last renewal',
      neverRenewed: 'None needed yet',
      lastError: 'Last error',
      noError: 'None since you signed in',
      wireCode: 'Code for your administrator:',
      signIn: 'Sign in again',
    },
    problems: {
      default: {
        title: 'The access could not be renewed',
        text: 'Sign in again if pages ask for it. If it comes back, tell your administrator the code below.',
      },
      invalid_grant: {
        title: 'The access was withdrawn or ran out',
        text: 'That happens after half a year without a visit, or when the portal withdraws it. Sign in again.',
      },
      not_installed: {
        title: 'The application is not installed on the portal',
        text: 'Ask the portal’s administrator to install it, then sign in again.',
      },
      payment_required: {
        title: 'The application is not paid for on the portal',
        text: 'The trial or subscription has ended. The portal’s administrator can renew it.',
      },
      user_access_error: {
        title: 'You have no access to the application',
        text: 'The portal’s administrator has limited it to certain people. Ask to be added.',
      },
      invalid_client: {
        title: 'The application’s keys do not fit',
        text: 'You cannot change that: the person who runs this application has to check BITRIX24_CLIENT_ID and BITRIX24_CLIENT_SECRET.',
      },
      insufficient_scope: {
        title: 'The application asks for more than its card allows',
        text: 'The portal’s administrator has to compare the permissions on the application’s card, then you sign in again.',
      },
      portal_timeout: {
        title: 'Bitrix24 took too long',
        text: 'There is nothing to do: the next page asks again.',
      },
      portal_failed: {
        title: 'Bitrix24 did not answer sensibly',
        text: 'There is nothing to do: the next page asks again. If it lasts for hours, ask the portal’s administrator.',
      },
      portal_limited: {
        title: 'Bitrix24 asked for a pause',
        text: 'There is nothing to do: the portal limits how often it may be asked, and soon answers again.',
      },
      store_unavailable: {
        title: 'Our own storage was away',
        text: 'There is nothing to do: nothing was lost.',
      },
    },
    people: {
      title: 'In this browser',
      active: 'In use',
      signedOut: 'Signed out from another browser',
      use: 'Switch',
      useWho: 'to {{name}}, {{host}}',
      signInAgain: 'Sign in again',
      signInWho: 'as {{name}}, {{host}}',
      leave: 'Sign out',
      remove: 'Remove',
      leaveWho: '{{name}}, {{host}}',
      add: 'Sign in to another portal',
      hint: 'Each portal keeps its own rights. Switching needs no password.',
    },
    browsers: {
      title: 'Browsers signed in as you',
      hint: 'Is one of them not yours? Sign it out, then change your password in Bitrix24.',
      unknown: 'Unknown browser',
      names: { Yandex: 'Yandex Browser' },
      isThis: 'This browser',
      since: 'Signed in {{ago}}',
      seen: 'last seen {{ago}}',
      signOut: 'Sign out',
      signOutWho: '{{name}}, last seen {{ago}}',
    },
    leaving: {
      title: 'Signing out',
      here: 'Sign out here',
      hereText: 'Ends your sign-in in this browser. Bitrix24 itself stays signed in.',
      hereTextAll:
        'Ends every sign-in of this browser, of all portals above. Bitrix24 itself stays signed in.',
      everywhere: 'Sign out everywhere…',
      everywhereText:
        'Every browser that is signed in as you at this portal is signed out at once, this one included. Nothing is deleted; you sign in again through Bitrix24.',
      everywhereAction: 'Sign out everywhere',
      forget: 'Forget my access…',
      forgetText:
        'Deletes the access that Bitrix24 gave us to this portal, and signs you out here. Your other browsers have to go through Bitrix24 again. Nothing changes in Bitrix24 itself.',
      forgetAlso: 'Your sign-ins at other portals end in this browser as well; their access is kept.',
      forgetAction: 'Forget my access and sign out',
    },
  },
  frame: {
    title: 'Companies opens in a tab of its own',
    text: 'Bitrix24 shows applications in a frame. This one keeps you signed in safely only in its own tab.',
    action: 'Open Companies',
  },
  exports: exportsEnglish,
  errors: {
    ...exportErrorsEnglish,
    too_many_views: {
      default: {
        title: 'There are too many saved views',
        text: 'Fifty are kept for each person. Remove one that you do not need any more.',
      },
    },
    incident: 'If you ask for help, mention number {{incident}}.',
    retryAfter_one: 'Try again in {{count}} second.',
    retryAfter_other: 'Try again in {{count}} seconds.',
    retryAfterMinutes_one: 'Try again in {{count}} minute.',
    retryAfterMinutes_other: 'Try again in {{count}} minutes.',
    againIn_one: 'The page asks again by itself in {{count}} second.',
    againIn_other: 'The page asks again by itself in {{count}} seconds.',
    againInMinutes_one: 'The page asks again by itself in {{count}} minute. You can leave it open.',
    againInMinutes_other: 'The page asks again by itself in {{count}} minutes. You can leave it open.',
    actions: {
      now: 'Ask now',
      retry: 'Try again',
      signIn: 'Sign in again',
      home: 'To the sign-in page',
      account: 'To the account',
      publicUrl: 'Go on at the right address',
      exports: 'To the exports',
      companies: 'To the companies',
    },
    invalid_request: {
      default: {
        title: 'This address does not fit',
        text: 'Something in the address is missing or not of the kind we expect. Go back and choose again.',
      },
    },
    state_mismatch: {
      default: {
        title: 'This sign-in cannot be finished',
        text: 'It was begun too long ago, was already used, or was begun in another browser. Nothing happened; just sign in again.',
      },
    },
    portal_mismatch: {
      default: {
        title: 'The answer came from another portal',
        text: 'You set out to sign in at one portal, and the answer names another. To be safe nothing was saved.',
      },
      authorization_server: {
        title: 'Your portal signs in through a server we do not know',
        text: 'You did nothing wrong, and trying again does not help. The person who runs this application finds in its log the name of the authorization server that has to be added.',
      },
    },
    portal_not_allowed: {
      default: {
        title: 'This portal may not sign in here',
        text: 'Choose one of the portals on the sign-in page. If yours is missing, the person who runs this application can add it to BITRIX24_PORTALS.',
      },
    },
    code_refused: {
      default: {
        title: 'Bitrix24 did not finish the sign-in',
        text: 'It refused for a reason that we do not know. Sign in again; if it refuses once more, the person who runs this application finds the reason in the log.',
      },
      invalid_grant: {
        title: 'Bitrix24 did not finish the sign-in',
        text: 'Its permission is good for 30 seconds and for one use, and this one was no longer valid. Sign in again.',
      },
      expired_token: {
        title: 'Bitrix24 did not finish the sign-in',
        text: 'Its permission is good for 30 seconds and for one use, and this one came too late. Sign in again.',
      },
      invalid_token: {
        title: 'Bitrix24 did not finish the sign-in',
        text: 'Its permission is good for one use, and this one had been used before. Sign in again.',
      },
      authorization_error: {
        title: 'Bitrix24 refused the sign-in',
        text: 'The portal sent you back with a refusal. Ask its administrator whether the application is installed and open to you.',
      },
      invalid_scope: {
        title: 'The application asks for more than its card allows',
        text: 'The portal’s administrator has to compare the permissions on the application’s card, then you sign in again.',
      },
      insufficient_scope: {
        title: 'The application asks for more than its card allows',
        text: 'The portal’s administrator has to compare the permissions on the application’s card, then you sign in again.',
      },
      payment_required: {
        title: 'The application is not paid for on this portal',
        text: 'The trial or subscription has ended. The portal’s administrator can renew it.',
      },
      not_installed: {
        title: 'The application is not installed on this portal',
        text: 'Ask the portal’s administrator to install it, then sign in again.',
      },
      user_access_error: {
        title: 'You have no access to this application',
        text: 'The portal’s administrator has limited it to certain people. Ask to be added.',
      },
    },
    sign_in_required: {
      default: {
        title: 'Please sign in again',
        text: 'Bitrix24 has ended the permission it gave us, even though you signed in a moment ago.',
      },
      no_session: {
        title: 'You are not signed in',
        text: 'This page is for people who have signed in. Sign in with your Bitrix24 portal first.',
      },
      no_grant: {
        title: 'Please sign in again',
        text: 'The access that Bitrix24 gave us is not stored any more: it was forgotten from another browser, or this application has lost it.',
      },
      not_installed: {
        title: 'The application is not installed on this portal',
        text: 'It was removed, or never finished installing. Ask the portal’s administrator, then sign in again.',
      },
      dismissed: {
        title: 'Bitrix24 no longer lets you in',
        text: 'The portal refuses to act for this account. If that surprises you, ask the portal’s administrator.',
      },
    },
    not_found: {
      default: {
        title: 'There is nothing here',
        text: 'What was here was removed, or the address has a mistake in it.',
      },
    },
    access_denied: {
      default: {
        title: 'You have no right to see this',
        text: 'Ask the portal’s administrator for the right to read companies in CRM.',
      },
      scope: {
        title: 'The application lacks the CRM permission',
        text: 'The portal’s administrator has to tick “CRM (crm)” on the application’s card, then you sign in again.',
      },
      plan: {
        title: 'This portal’s plan has no REST access',
        text: 'Bitrix24 offers REST on commercial plans only. The portal’s administrator can change the plan.',
      },
      payment: {
        title: 'The application is not paid for on this portal',
        text: 'The trial or subscription has ended. The portal’s administrator can renew it.',
      },
      app_access: {
        title: 'You have no access to this application',
        text: 'The portal’s administrator has limited it to certain people. Ask to be added.',
      },
      extranet: {
        title: 'The portal shows this to its own staff only',
        text: 'You are a guest (extranet user) of this portal, and guests see no companies. The portal’s administrator can make you a member of staff.',
      },
      consent_awaited: {
        title: 'The portal’s administrator has to agree first',
        text: 'Bitrix24 has asked an administrator whether this application may read what you want to see. Ask them to agree, then try again.',
      },
      consent_denied: {
        title: 'The portal’s administrator has not agreed',
        text: 'An administrator has forbidden this application to read what you want to see. Only an administrator of the portal can allow it.',
      },
    },
    cross_origin: {
      default: {
        title: 'This did not come from our page',
        text: 'To be safe, forms are accepted only from pages of this site. Open the page again and repeat what you did.',
      },
      other_address: {
        title: 'This page has another address',
        text: 'You opened it at {{opened}}, where forms and sign-ins do not work: the application is set up for {{publicUrl}}. Go on there. If your address is the right one, the person who runs this application has to set PUBLIC_URL to it.',
      },
    },
    app_misconfigured: {
      default: {
        title: 'The application’s keys do not fit',
        text: 'Bitrix24 does not accept the client id or secret. The person who runs this application has to check BITRIX24_CLIENT_ID and BITRIX24_CLIENT_SECRET.',
      },
    },
    too_many_requests: {
      default: {
        title: 'Too often within a minute',
        text: 'From your network, sign-ins were begun or refused unusually often, so we are taking a break. Whoever is signed in is not affected.',
      },
      searches: {
        title: 'Too many searches within a minute',
        text: 'Each one makes the portal look through its companies. After a short break you can go on.',
      },
    },
    portal_limited: {
      default: {
        title: 'Bitrix24 asks for a short pause',
        text: 'The portal limits how often it may be asked. Nothing is wrong; a moment’s rest is enough.',
      },
      operating: {
        title: 'Bitrix24 asks for a longer pause',
        text: 'The portal has spent its time budget for such questions. It recovers by itself within ten minutes.',
      },
    },
    portal_failed: {
      default: {
        title: 'Bitrix24 did not answer sensibly',
        text: 'The portal is having trouble, or something stands between it and us. Your data is safe; try again.',
      },
      authorization_server: {
        title: 'Bitrix24’s authorization server did not answer sensibly',
        text: 'It is not your portal, but the Bitrix24 server that every sign-in goes through. Your data is safe; try again in a few minutes.',
      },
      box_offline: {
        title: 'The portal cannot reach Bitrix24’s authorization server',
        text: 'The administrator of the self-hosted portal has to check its connection to the internet.',
      },
    },
    portal_refused: {
      default: {
        title: 'The portal refuses our requests',
        text: 'Trying again does not help. Ask the portal’s administrator, and tell them the number below.',
      },
      blocked: {
        title: 'Bitrix24 has blocked REST on this portal',
        text: 'The portal was blocked because of overload. Its administrator has to write to Bitrix24 support.',
      },
      deleted: {
        title: 'This portal no longer exists',
        text: 'Bitrix24 says that the portal was deleted. If your company has another one, sign in there.',
      },
      token_not_received: {
        title: 'The portal does not receive our access key',
        text: 'Something between us and the portal removes it, usually a proxy or the portal’s web server. The portal’s administrator has to see that the body of a POST request reaches /rest/.',
      },
      token_not_accepted: {
        title: 'The portal does not accept your access',
        text: 'Bitrix24 has just renewed it, and the portal refuses it all the same. Sign in again; if that does not help, the portal’s administrator has to check that the portal is registered with Bitrix24 and that its clock is right.',
      },
      method_missing: {
        title: 'This portal is too old for that',
        text: 'It does not know a method that we need. The portal’s administrator can update Bitrix24 and its CRM and REST modules.',
      },
      moved: {
        title: 'Your portal has moved to another address',
        text: 'It sends us to {{address}}, which is not among the portals that this application may use. The person who runs it can add that address to BITRIX24_PORTALS.',
      },
      https_required: {
        title: 'The portal wants to be called by https',
        text: 'The person who runs this application has to write its address with https:// in BITRIX24_PORTALS, then you sign in again.',
      },
      request_not_understood: {
        title: 'The portal does not understand our question',
        text: 'Trying again does not help. Tell the person who runs this application the number below: this version and that of the portal do not fit together.',
      },
      grant_not_understood: {
        title: 'Bitrix24’s authorization server does not understand us',
        text: 'Trying again does not help. The person who runs this application has to see whether a proxy changes its outgoing requests, and that BITRIX24_AUTHORIZATION_SERVERS is right.',
      },
    },
    portal_timeout: {
      default: {
        title: 'Bitrix24 takes too long',
        text: 'The portal did not answer in time. Try again in a moment.',
      },
      authorization_server: {
        title: 'Bitrix24’s authorization server takes too long',
        text: 'It is not your portal, but the Bitrix24 server that every sign-in goes through. Try again in a few minutes.',
      },
    },
    reconnecting: {
      default: {
        title: 'Connecting to Bitrix24 again',
        text: 'Your access is being renewed, and Bitrix24 takes its time. This page tries again by itself.',
      },
      stuck: {
        title: 'Bitrix24 takes very long',
        text: 'Your access is still being renewed. Nothing is lost: wait a little, or sign in again.',
      },
      exhausted: {
        title: 'Bitrix24 does not answer',
        text: 'Your access could not be renewed: Bitrix24 was asked several times and did not answer. Nothing is lost. Come back in a few minutes, or sign in again.',
      },
    },
    store_unavailable: {
      default: {
        title: 'We are away for a moment',
        text: 'Our own storage cannot be reached. Nothing is lost; it usually passes within seconds.',
      },
    },
    internal_error: {
      default: {
        title: 'Something went wrong on our side',
        text: 'The mistake has been written down. Trying again may help.',
      },
    },
  },
};
