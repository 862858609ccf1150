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

describe('a range, whatever the text', () => {
  // RFC 4632 §3.1 and RFC 4291 §2.2, written out anew.
  const octet = '(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';
  const ipv4 = new RegExp(`^${octet}(\\.${octet}){3}(/(3[0-2]|[12]?[0-9]))?$`);

  function isIpv6Range(text: string): boolean {
    const [address = '', bits, ...more] = text.split('/');
    const halves = address.split('::');
    if (more.length > 0 || halves.length > 2) return false;
    if (bits !== undefined && !/^(12[0-8]|1[01][0-9]|[1-9]?[0-9])$/.test(bits)) return false;
    const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
    const dotted = groups.at(-1)?.includes('.') === true;
    const plain = dotted ? groups.slice(0, -1) : groups;
    if (dotted && (!ipv4.test(groups.at(-1) ?? '') || address.endsWith('::'))) return false;
    if (!plain.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false;
    const length = plain.length + (dotted ? 2 : 0);
    return halves.length === 2 ? length < 8 : length === 8;
  }

  it('is one by the grammar of the RFCs', () => {
    const pieces = fc.constantFrom(
      '1',
      '10',
      '255',
      '256',
      '01',
      'ff',
      'FFFF',
      'g',
      ':',
      '::',
      '.',
    );
    const rangelike = fc
      .tuple(
        fc.array(pieces, { maxLength: 17 }),
        fc.constantFrom('', '/', '/8', '/32', '/08', '/129'),
      )
      .map(([some, prefix]) => some.join('') + prefix);
    const valid = fc
      .tuple(fc.oneof(fc.ipV4(), fc.ipV6()), fc.option(fc.nat(140)))
      .map(([ip, bits]) => (bits === null ? ip : `${ip}/${bits}`));
    const groups = fc
      .array(fc.constantFrom('0', 'a', 'ffff', ''), { minLength: 3, maxLength: 9 })
      .map((some) => some.join(':'));
    fc.assert(
      fc.property(fc.oneof(rangelike, valid, groups, fc.string()), (text) => {
        const mapped = /^::ffff:/i.test(text);
        expect(isAddressOrRange(text)).toBe(!mapped && (ipv4.test(text) || isIpv6Range(text)));
      }),
      { numRuns: 20_000 },
    );
  });
});
