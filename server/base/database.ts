import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient, type Prisma } from '#prisma/client/client.ts';

/** A client or a transaction: what every store takes, so that a use case shows its own transaction. */
export type Db = Prisma.TransactionClient;
export type Database = PrismaClient;

export interface OpenDatabase {
  db: Database;
  /** The same connections without the model, for the few statements that are hot. */
  pool: pg.Pool;
  close(): Promise<void>;
}

/** Longer than any wait for a free connection under load; a database that does not answer is an error, not a wait for ever. */
const CONNECT_MS_MAX = 15_000;

/** People press all at once and wait for each other's rows and for a free connection: Prisma's own 2 and 5 s are too few. */
const patient = { maxWait: 30_000, timeout: 30_000 };

/** `connectionsMax` bounds the connections of this process; `onConnectionLost` hears of those that broke. */
export function openDatabase(
  connectionString: string,
  onConnectionLost: (error: Error) => void,
  connectionsMax = 20,
): OpenDatabase {
  const pool = new pg.Pool({ connectionString, max: connectionsMax, connectionTimeoutMillis: CONNECT_MS_MAX });
  // Unheard, a connection that breaks (the database restarting) would end the process; the pool makes new ones. The
  // pool listens for itself only while it holds the connection, not while a lock or a transaction does.
  let isClosing = false;
  pool.on('connect', (client) => {
    client.on('error', (error) => {
      if (!isClosing) onConnectionLost(error);
    });
  });
  pool.on('error', () => {});
  const db = new PrismaClient({ adapter: new PrismaPg(pool), transactionOptions: patient });
  return {
    db,
    pool,
    async close() {
      isClosing = true;
      await db.$disconnect();
      await pool.end();
    },
  };
}

/** The name of the violated constraint when `error` is a duplicate, else null. */
export function violatedUnique(error: unknown): string | null {
  const known = error as {
    code?: string;
    constraint?: string;
    meta?: {
      driverAdapterError?: { cause?: { constraint?: { index?: string; fields?: string[] } } };
      target?: string | string[];
    };
  };
  if (known.code === '23505') return known.constraint ?? '';
  if (known.code !== 'P2002') return null;
  const constraint = known.meta?.driverAdapterError?.cause?.constraint;
  return constraint?.index ?? constraint?.fields?.join('_') ?? [known.meta?.target ?? ''].flat().join('_');
}
