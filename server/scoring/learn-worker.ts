import { parentPort, workerData } from 'node:worker_threads';
import { findLeaks } from '#server/learning/find-leaks.ts';
import { train } from '#server/learning/train.ts';
import type { Table } from '#server/learning/table.ts';
import type { Learned } from './learn.ts';

/** Learning takes all of a processor for seconds: in a thread of its own nobody else waits for it. */
const table = workerData as Table;
const learned: Learned = { trained: train(table), leaks: findLeaks(table).map(({ feature }) => feature) };
parentPort?.postMessage(learned, []);
