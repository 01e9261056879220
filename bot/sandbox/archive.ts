import { createCipheriv, createHash, publicEncrypt, randomBytes, constants } from 'node:crypto';
import type { ArchiveRow, ChatMessage, Stage, World } from './stage.ts';

const dayMs = 86_400_000;
/** D91774: the SDK gives the last five days only. */
const windowMs = 5 * dayMs;

/** What the archive keeps of a message, in the shape DecryptData gives it (D91774). Times are milliseconds here. */
export function plainOf(message: ChatMessage, media?: { id: string; name: string; bytes: number }): Plain {
  const base = {
    msgid: archiveIdOf(message.id, message.at),
    action: 'send',
    from: message.from,
    tolist: [message.from === message.member ? message.contact : message.member],
    roomid: '',
    msgtime: message.at,
  };
  const md5sum = createHash('md5').update(message.id).digest('hex');
  if (message.kind === 'file' && media) {
    const fileext = media.name.split('.').at(-1) ?? '';
    const file = { md5sum, filename: media.name, fileext, filesize: media.bytes, sdkfileid: media.id };
    return { ...base, msgtype: 'file', file };
  }
  if (message.kind === 'image' && media) {
    return { ...base, msgtype: 'image', image: { md5sum, filesize: media.bytes, sdkfileid: media.id } };
  }
  if (message.kind === 'link') {
    return { ...base, msgtype: 'link', link: { title: message.text, description: '', link_url: '', image_url: '' } };
  }
  return { ...base, msgtype: 'text', text: { content: message.text } };
}

type Plain = Record<string, unknown> & { msgid: string };

/** `_external`: somebody from outside the company takes part. */
const archiveIdOf = (id: string, at: number): string =>
  `${BigInt(`0x${createHash('sha256').update(id).digest('hex').slice(0, 15)}`)}_${at}_external`;

export function agreeRecord(id: string, at: number, member: string, contact: string, agreed: boolean): Plain {
  const kind = agreed ? 'agree' : 'disagree';
  return {
    msgid: archiveIdOf(id, at),
    action: 'send',
    from: contact,
    tolist: [member],
    roomid: '',
    msgtime: at,
    msgtype: kind,
    [kind]: { userid: contact, [`${kind}_time`]: at },
  };
}

export function recallRecord(id: string, at: number, message: ChatMessage): Plain {
  return {
    msgid: archiveIdOf(id, at),
    action: 'recall',
    from: message.from,
    tolist: [message.from === message.member ? message.contact : message.member],
    roomid: '',
    msgtime: at,
    msgtype: 'revoke',
    revoke: { pre_msgid: archiveIdOf(message.id, message.at) },
  };
}

export function append(world: World, at: number, plain: Plain): ArchiveRow {
  world.lastSeq += 1;
  const row = { seq: world.lastSeq, msgid: plain.msgid, at, plain };
  world.archive.push(row);
  return row;
}

/** One msgaudit_notify for all that came within the settings' time. */
export function archiveNotifier(stage: Pick<Stage, 'world' | 'push'>) {
  let timer: NodeJS.Timeout | null = null;
  return {
    appended(): void {
      timer ??= setTimeout(() => {
        timer = null;
        stage.push({ event: 'msgaudit_notify', fields: { AgentID: stage.world.company.agentId } });
      }, stage.world.settings.archiveNotifyMs);
    },
    stop(): void {
      if (timer) clearTimeout(timer);
      timer = null;
    },
  };
}

/** GetChatData's answer: records after `seq`, each under a random key of its own, wrapped for the company. */
export function chatData(stage: Stage, seq: bigint, limit: number) {
  const { archive, company } = stage.world;
  const key = company.archiveKeys.at(-1);
  if (!key) throw new Error('The company has no archive key.');
  const since = stage.now() - windowMs;
  const rows = archive.filter((row) => BigInt(row.seq) > seq && row.at >= since).slice(0, limit);
  return rows.map((row) => {
    const randomKey = randomBytes(24).toString('base64');
    return {
      seq: row.seq,
      msgid: row.msgid,
      publickey_ver: key.version,
      encrypt_random_key: publicEncrypt(
        { key: key.publicKey, padding: constants.RSA_PKCS1_PADDING },
        Buffer.from(randomKey),
      ).toString('base64'),
      encrypt_chat_msg: seal(randomKey, JSON.stringify(row.plain)),
    };
  });
}

/** The real cipher is not published: this one is the sandbox's own and known to its archive-sdk.ts only. */
function seal(randomKey: string, text: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', createHash('sha256').update(randomKey).digest(), iv);
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64');
}

const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** The bytes of a medium: as long as its record says, the same every time. */
export function mediaBytes(media: { id: string; name: string; bytes: number }): Buffer {
  const head = media.name.endsWith('.png') ? pixel : Buffer.from(`${media.name}\n`);
  const filler = createHash('sha256').update(media.id).digest();
  const bytes = Buffer.alloc(media.bytes, filler);
  head.copy(bytes);
  return bytes;
}
