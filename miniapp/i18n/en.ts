import type { Messages } from './i18n.ts';

export const en: Messages = {
  'app.name': 'Zhike',
  close: 'Close',
  cancel: 'Cancel',
  save: 'Save',
  retry: 'Try again',
  undo: 'Undo',
  refresh: 'Refresh',
  copied: 'Copied',
  'copy.failed': 'Copy by hand: {text}',

  'day.today': 'today {time}',
  'day.tomorrow': 'tomorrow {time}',
  'day.yesterday': 'yesterday {time}',
  'age.now': 'just now',
  'age.minutes': '{n} minute ago|{n} minutes ago',
  'age.hours': '{n} hour ago|{n} hours ago',

  'error.unknown': 'Something went wrong on this page. Try again.',
  'error.offline': 'The server cannot be reached. Check the network and try again.',
  'error.timeout': 'The server did not answer in time. Try again.',
  'error.host': 'WeCom did not answer this page. Close the sidebar and open it again.',
  'error.internal': 'Something went wrong on our side. Try again later, or send the error number to your admin.',
  'error.invalid': 'Not accepted: {text}',
  'error.session': 'Your login has expired. Log in again.',
  'error.right': 'Not allowed: {text}',
  'error.gone': 'This cannot be found. It may have been deleted, or is outside what you may see.',
  'error.conflict': '{text}',
  'error.busy': 'Too many actions at once. Wait a moment and try again.',
  'error.copyNumber': 'Copy error number',

  'opening.label': 'Opening the customer',
  'elsewhere.title': 'Open Zhike from a chat with a customer',
  'elsewhere.browser':
    'Zhike is the sales assistant in the WeCom chat sidebar. In WeCom, open a chat with a customer and choose Zhike in the toolbar on the right.',
  'elsewhere.no_contact':
    'There is no external contact in this chat. Open a one-to-one chat with a customer, then choose Zhike in the toolbar on the right.',
  'elsewhere.group':
    'Group chats are not supported yet. Open a one-to-one chat with a customer, then choose Zhike in the toolbar on the right.',
  'elsewhere.no_permission':
    'WeCom does not let this app read this customer. Ask an admin to put you in the app’s visible range and to grant customer contact.',
  'elsewhere.toolbar': 'The toolbar right of the chat',
  'login.failed': 'The login did not succeed.',
  'login.again': 'Log in again',
  'contact.unknown.title': 'Nothing is known of this customer yet',
  'contact.unknown':
    'They may have been added just now and are still being synced, or are outside what you may see. Wait a moment and try again, or ask an admin.',
};
