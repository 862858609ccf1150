import { userInfo } from 'node:os';
import type { Actor } from '../audit/domain/audit-event.js';

/** The user of the operating system, as the audit trail names who did it. */
export function operatingSystemUser(): Actor {
  return { name: `os:${userName()}`, address: null, requestId: null };
}

/** In a container the number of a user may have no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
