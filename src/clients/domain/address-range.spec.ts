import { BlockList } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { isAddressOrRange } from './address-range.js';

describe('an address or a range', () => {
  it.each([
    '10.0.0.1',
    '10.0.0.0/8',
    '0.0.0.0/0',
    '255.255.255.255/32',
    '::',
    '::1/128',
    '2001:DB8::/32',
    '::/0',
  ])('is %s', (text) => {
    expect(isAddressOrRange(text)).toBe(true);
  });

  it.each([
    '',
    '/',
    '10.0.0.1/',
    '/8',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0.0/ 8',
    ' 10.0.0.1',
    '10.0.0.1\n',
    '10.0.0',
    '010.0.0.1',
    '10.0.0.256',
    '2001:db8::/129',
    '2001:db8:::1',
    '[::1]',
    '[::1',
    'fe80::1%eth0',
    '::ffff:10.0.0.1',
    '::FFFF:10.0.0.0/104',
    'localhost',
  ])('is not %j', (text) => {
    expect(isAddressOrRange(text)).toBe(false);
  });

  it('is one that the check of callers takes, whatever was let through', () => {
    const parts = fc.array(fc.constantFrom('1', '255', 'ff', ':', '::', '.', '/', '8', '128', '%'));
    const likely = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      parts.map((some) => some.join('')),
      fc.tuple(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(200)).map(([ip, bits]) => `${ip}/${bits}`),
    );
    fc.assert(
      fc.property(likely, (text) => {
        if (!isAddressOrRange(text)) return;
        const [address = '', prefix] = text.split('/');
        const family = address.includes(':') ? 'ipv6' : 'ipv4';
        if (prefix === undefined) new BlockList().addAddress(address, family);
        else new BlockList().addSubnet(address, Number(prefix), family);
      }),
      { numRuns: 20_000 },
    );
  });
});
