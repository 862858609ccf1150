import { BlockList, isIPv4, isIPv6 } from 'node:net';

const MAPPED = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/;

/** An IPv4 address that came mapped into IPv6 (`::ffff:192.0.2.1`), as itself, however spelt. */
export function unmapped(address: string): string {
  if (!isIPv6(address) || !/ffff/i.test(address)) return address;
  // The URL standard has one spelling for each address.
  const url = `http://[${address.split('%', 1)[0]}]`;
  const [, high, low] = MAPPED.exec(new URL(url).hostname) ?? [];
  if (high === undefined || low === undefined) return address;
  const bits = Number.parseInt(high, 16) * 0x10000 + Number.parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 0xff).join('.');
}

/**
 * Whether an address lies in one of the ranges.
 *
 * @param ranges addresses and CIDR ranges of either family
 * @returns false for what is no address
 */
export function isWithin(address: string, ranges: readonly string[]): boolean {
  const plain = unmapped(address);
  const family = familyOf(plain);
  if (family === undefined) return false;
  const list = new BlockList();
  // Not those of the other: to the list, all of IPv4 lies in `::/0`.
  for (const range of ranges) add(list, range, family);
  return list.check(plain, family);
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  if (isIPv4(address)) return 'ipv4';
  return isIPv6(address) ? 'ipv6' : undefined;
}

/** Adds a range of this family; what is no range lets nobody in, and is refused where it would be stored. */
function add(list: BlockList, range: string, family: 'ipv4' | 'ipv6'): void {
  const [network = '', prefix] = range.split('/');
  if (familyOf(network) !== family) return;
  try {
    if (prefix === undefined) list.addAddress(network, family);
    else list.addSubnet(network, Number(prefix), family);
  } catch {
    // Its prefix is too long.
  }
}

/**
 * What counts as one caller for a limit: the address, or for IPv6 its /64, since whoever has one
 * address of it has them all.
 */
export function callerGroup(address: string): string {
  const plain = unmapped(address);
  return isIPv6(plain) ? `${firstFourGroups(plain)}::/64` : plain;
}

function firstFourGroups(address: string): string {
  const [head = '', tail] = (address.split('%', 1)[0] ?? '').split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':');
    // A dotted quad at the end stands for two groups.
    const length = after.length + (tail.includes('.') ? 1 : 0);
    groups.push(...Array<string>(Math.max(0, 8 - groups.length - length)).fill('0'), ...after);
  }
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
