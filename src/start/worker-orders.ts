import { parseKey, type Settings } from '../config/settings.js';
import type { ServerStart } from './server.js';

/** A start as it goes from process to process: the key as base64, which a message can hold. */
interface StartOrder extends Omit<ServerStart, 'settings'> {
  readonly order: 'start';
  readonly settings: Omit<Settings, 'keyEncryptionKey'>;
  readonly keyEncryptionKey: string | undefined;
}

/** The order to start so. */
export function startOrder({ settings, ...start }: ServerStart): StartOrder {
  const { keyEncryptionKey, ...others } = settings;
  const key = keyEncryptionKey?.export().toString('base64');
  return { order: 'start', ...start, settings: others, keyEncryptionKey: key };
}

/** What an order to start says. */
export function startOf({ settings, keyEncryptionKey, ...start }: StartOrder): ServerStart {
  const key = keyEncryptionKey === undefined ? undefined : parseKey(keyEncryptionKey);
  return { ...start, settings: { ...settings, keyEncryptionKey: key } };
}

/** What the supervisor says to a worker. */
export type Order =
  | StartOrder
  /** Readiness is to say 503. */
  | { readonly order: 'drain' }
  /** To say how many connections it was given. */
  | { readonly order: 'count' }
  /** To finish what runs, and to end. */
  | { readonly order: 'stop' };

/** What a worker says to the supervisor. */
export type Report =
  /** It hears orders from now on: earlier ones would be lost. */
  | { readonly report: 'waiting' }
  | { readonly report: 'accepted'; readonly connections: number }
  /** It could not start, for the reason that `failureLines` gives. */
  | { readonly report: 'failed'; readonly reason: string };
