import { isIPv4, isIPv6 } from 'node:net';

const PREFIX = /^(0|[1-9]\d{0,2})$/;

/**
 * Whether a text is an address or a CIDR range, of IPv4 or IPv6.
 *
 * Refused, because no caller would ever lie in it: an IPv4 address mapped into IPv6 (callers are
 * compared by their IPv4 address) and one with a zone (`fe80::1%eth0`).
 */
export function isAddressOrRange(text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/');
  if (more.length > 0 || address.includes('%') || /^::ffff:/i.test(address)) return false;
  if (!isIPv4(address) && !isIPv6(address)) return false;
  const bits = isIPv4(address) ? 32 : 128;
  return prefix === undefined || (PREFIX.test(prefix) && Number(prefix) <= bits);
}
